import type { Answer, Distributions, Monitoring, WindowFigures } from "./api.ts";
import { html } from "./dom.ts";
import { count, percent } from "./format.ts";
import { createPanel } from "./panel.ts";

const figures = ["missing_ratio", "unseen_ratio", "out_of_range_ratio"] as const;
const headings = ["Input", "Missing", "Reference", "Never seen", "Out of range"];

export function createSource() {
  const quality = createPanel("quality");
  quality.scrollable("Missing, never seen and out of range, by input");
  const rejections = createPanel("rejections");

  function drawQuality({ results }: Monitoring, { features }: Distributions, waiting: string): void {
    const found = results.filter(({ monitor, value }) => monitor === "quality" && value !== null);
    if (found.length === 0) {
      quality.empty(waiting);
      return;
    }
    const rows = features.map(({ feature, bins }) => {
      const [missing = null, ...others] = figures.map((metric) => {
        const result = found.find((candidate) => candidate.feature === feature && candidate.metric === metric);
        const isAlarm = result?.verdict === "alarm";
        return html("td", { class: isAlarm && "alarm", title: isAlarm && result.sentence }, percent(result?.value));
      });
      const before = bins.find(({ bin }) => bin === "__missing__")?.reference;
      const reference = html("td", { class: "quiet" }, percent(before));
      return html("tr", {}, html("th", { scope: "row" }, feature), missing, reference, ...others);
    });
    const head = html("tr", {}, ...headings.map((name) => html("th", { scope: "col" }, name)));
    quality.body.replaceChildren(html("table", {}, html("thead", {}, head), html("tbody", {}, ...rows)));
    quality.ready(found.filter(({ value }) => value).length);
  }

  function drawRejections(window: WindowFigures): void {
    const refused = window.rejections.filter((rejection) => rejection.count > 0);
    if (refused.length === 0) {
      rejections.empty("Nothing was rejected since the start");
      return;
    }
    const rows = refused.map(({ reason, count: times }) =>
      html("tr", {}, html("th", { scope: "row" }, reason.replaceAll("_", " ")), html("td", {}, count(times))),
    );
    const caption = html("caption", { class: "quiet" }, "since the start of the service");
    rejections.body.replaceChildren(html("table", {}, caption, html("tbody", {}, ...rows)));
    rejections.ready(refused.length);
  }

  return {
    update(
      monitoring: Answer<Monitoring>,
      distributions: Answer<Distributions>,
      window: Answer<WindowFigures>,
      waiting: string,
    ): void {
      quality.draw([monitoring, distributions], (found, shares) => drawQuality(found, shares, waiting));
      rejections.draw([window], drawRejections);
    },
  };
}
