import type { Result } from "./api.ts";
import { drawTime, pairedBars } from "./charts.ts";
import { fill, h } from "./dom.ts";
import { figure, percent } from "./format.ts";
import { find, marksOf, readHistory, type State } from "./state.ts";

const drawn = 150;

/** How much of the way to its threshold a drift has gone. */
const shareOf = ({ value, threshold }: Result): number =>
  value === null || !threshold.upper ? 0 : value / threshold.upper;

/** Band of model inputs: every field by drift, one opened for its distribution. */
export function createInputs() {
  let chosen: string | null = null;
  let open: string | null = null;
  let last: State | null = null;
  const rows = h("tbody", {});
  const detail = h("div", { class: "detail", "aria-live": "polite" });
  const element = h(
    "section",
    { class: "band", "aria-label": "Model inputs" },
    h("h2", {}, "Model inputs"),
    h(
      "p",
      { class: "note" },
      "How far each field has moved from the reference, as a share of what chance alone reaches (the line). Choose one to see how.",
    ),
    h(
      "div",
      { class: "split" },
      h(
        "table",
        { class: "inputs" },
        h(
          "thead",
          {},
          h("tr", {}, ...["field", "drift", "missing", "leans on it"].map((name) => h("th", { scope: "col" }, name))),
        ),
        rows,
      ),
      detail,
    ),
  );

  function draw(state: State): void {
    last = state;
    const drifts = state.monitoring.results
      .filter(({ monitor }) => monitor === "drift")
      .sort((a, b) => shareOf(b) - shareOf(a));
    // Until one is chosen, the one that moved most.
    open = chosen ?? drifts[0]?.feature ?? null;
    fill(
      rows,
      ...drifts.map((drift) => {
        const feature = drift.feature as string;
        const share = shareOf(drift);
        const missing = find(state, "quality", "missing_ratio", feature);
        const lean = find(state, "attribution", "mean_contribution", feature);
        return h(
          "tr",
          {
            class: [drift.verdict === "alarm" ? `alarm ${drift.severity}` : "", feature === open ? "open" : ""].join(
              " ",
            ),
          },
          h(
            "th",
            { scope: "row" },
            h(
              "button",
              { type: "button", "data-feature": feature, "aria-expanded": feature === open ? "true" : "false" },
              feature,
            ),
          ),
          h(
            "td",
            { title: drift.sentence },
            h(
              "svg",
              {
                viewBox: "0 0 150 10",
                preserveAspectRatio: "none",
                role: "img",
                "aria-label": `${(100 * share).toFixed(0)} % of the threshold`,
              },
              h("rect", { class: "track", width: 150, height: 10 }),
              h("rect", {
                class: share > 1 ? "bar-alarm" : "bar-now",
                width: Math.min(drawn, 100 * share).toFixed(1),
                height: 10,
              }),
              h("line", { class: "limit", x1: 100, x2: 100, y1: 0, y2: 10 }),
            ),
          ),
          h("td", { class: `figure ${missing?.verdict === "alarm" ? "bad" : ""}` }, percent(missing?.value)),
          h("td", { class: `figure ${lean?.verdict === "alarm" ? "bad" : ""}` }, figure(lean?.value)),
        );
      }),
    );
    drawDetail(state);
  }

  rows.addEventListener("click", async ({ target }) => {
    const feature = (target as Element).closest("tr")?.querySelector("button")?.dataset.feature;
    if (!feature || !last) return;
    chosen = feature;
    draw(last);
    rows.querySelector<HTMLElement>(`[data-feature="${feature}"]`)?.focus();
  });

  function drawDetail(state: State): void {
    const bins = state.distributions.features.find(({ feature }) => feature === open)?.bins ?? [];
    const drift = find(state, "drift", "psi", open);
    const series = `drift psi ${open}`;
    if (open && !state.history.has(series)) {
      state.history.set(series, []);
      void readHistory(state.history, "drift", "psi", open).then(() => last && drawDetail(last));
    }
    const trend = h("div", { class: "chart" });
    detail.replaceChildren(
      h("h3", {}, open ?? ""),
      h("p", { class: "note" }, drift?.sentence ?? ""),
      pairedBars(
        bins.map((bin) => ({ label: bin.bin, ...bin })),
        percent,
      ),
      h(
        "p",
        { class: "legend" },
        h("span", { class: "key main" }, "now"),
        h("span", { class: "key reference" }, "reference"),
      ),
      trend,
    );
    const past = state.history.get(series) ?? [];
    drawTime(
      trend,
      {
        times: past.map(({ evaluated_at }) => Date.parse(evaluated_at) / 1000),
        lines: [
          { label: "PSI", style: "main", values: past.map(({ value }) => value) },
          { label: "alarm past", style: "threshold", values: past.map(({ threshold }) => threshold.upper) },
        ],
        marks: marksOf(state),
        format: figure,
      },
      150,
    );
  }
  return { element, draw };
}
