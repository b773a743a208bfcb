import type { Distributions, Monitoring, Setup, WindowFigures } from "./api.ts";
import { html } from "./dom.ts";
import { count, percent } from "./format.ts";
import { createPanel } from "./panel.ts";

const figures = ["missing_ratio", "unseen_ratio", "out_of_range_ratio"] as const;

export function createSource(setup: Setup) {
  const quality = createPanel("missing", setup);
  quality.title.textContent = "Missing, never seen, out of range";
  // It may be wider than a narrow window: scrolled by keyboard, too.
  quality.body.tabIndex = 0;
  quality.body.setAttribute("role", "region");
  quality.body.setAttribute("aria-label", "Missing, never seen and out of range, by input");
  const rejections = createPanel("rejections", setup);

  return {
    update({ results, rows }: Monitoring, { features }: Distributions, window: WindowFigures): void {
      const found = results.filter(({ monitor, value }) => monitor === "quality" && value !== null);
      if (found.length === 0) quality.empty(`Waiting for ${setup.least.rows} predictions: ${rows} are there`);
      else {
        quality.body.replaceChildren(
          html(
            "table",
            {},
            html(
              "thead",
              {},
              html(
                "tr",
                {},
                ...["Input", "Missing", "Reference", "Never seen", "Out of range"].map((name) =>
                  html("th", { scope: "col" }, name),
                ),
              ),
            ),
            html(
              "tbody",
              {},
              ...features.map(({ feature, bins }) => {
                const cells = figures.map((metric) => {
                  const result = found.find(
                    (candidate) => candidate.feature === feature && candidate.metric === metric,
                  );
                  return html("td", { class: result?.verdict === "alarm" && "alarm" }, percent(result?.value));
                });
                const before = bins.find(({ bin }) => bin === "__missing__")?.reference;
                const [missing = null, ...others] = cells;
                return html(
                  "tr",
                  {},
                  html("th", { scope: "row" }, feature),
                  missing,
                  html("td", { class: "quiet" }, percent(before)),
                  ...others,
                );
              }),
            ),
          ),
        );
        quality.ready(found.filter(({ value }) => value).length);
      }
      const refused = window.rejections.filter((rejection) => rejection.count > 0);
      if (refused.length === 0) rejections.empty("Nothing was rejected since the start");
      else {
        rejections.ready(refused.length);
        rejections.body.replaceChildren(
          html(
            "table",
            {},
            html("caption", { class: "quiet" }, "since the start of the service"),
            html(
              "tbody",
              {},
              ...refused.map(({ reason, count: times }) =>
                html("tr", {}, html("th", { scope: "row" }, reason.replaceAll("_", " ")), html("td", {}, count(times))),
              ),
            ),
          ),
        );
      }
    },
  };
}
