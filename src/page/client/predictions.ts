import { drawTime, pairedBars } from "./charts.ts";
import { fill, h } from "./dom.ts";
import { figure, percent } from "./format.ts";
import { find, marksOf, type State } from "./state.ts";

/** The name of an interval of probabilities, in percent. */
const percentBin = (bin: string): string =>
  `${bin
    .replaceAll(/[\d.]+(?:e-\d+)?/g, (edge) => figure(100 * Number(edge)))
    .replace("-", " – ")
    .replace("<=", "up to ")
    .replace(">", "over ")} %`;

/** Band of predictions: their balance and distribution beside those of training. */
export function createPredictions() {
  const balance = h("div", { class: "balance" });
  const bars = h("div", {});
  const chart = h("div", { class: "chart" });
  const note = h("p", { class: "note" });
  const element = h(
    "section",
    { class: "band", "aria-label": "Predictions" },
    h("h2", {}, "Predictions"),
    balance,
    h(
      "div",
      { class: "split even" },
      h("div", {}, h("h3", {}, "Drift of the predicted probability (PSI)"), chart, note),
      h("div", {}, h("h3", {}, "Predicted probability, now and in the reference"), bars),
    ),
  );

  function draw(state: State): void {
    const { true_positives: tp, false_positives: fp, false_negatives: fn, true_negatives: tn } = state.window.confusion;
    const labelled = tp + fp + fn + tn;
    const classes = state.manifest?.performance.holdout.classes;
    const training = classes ? classes[1] / (classes[0] + classes[1]) : null;
    const shares: [string, number | null][] = [
      ["called churners", labelled ? (tp + fp) / labelled : null],
      ["did churn", labelled ? (tp + fn) / labelled : null],
      ["churned at training", training],
    ];
    fill(
      balance,
      ...shares.map(([name, share]) =>
        h(
          "div",
          { class: "share" },
          h("span", {}, name),
          h(
            "svg",
            { viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": "true" },
            h("rect", { class: "track", width: 100, height: 8 }),
            h("rect", { class: "bar-now", width: (100 * (share ?? 0)).toFixed(1), height: 8 }),
          ),
          h("b", {}, percent(share)),
        ),
      ),
    );
    const past = state.history.get("prediction psi ") ?? [];
    drawTime(chart, {
      times: past.map(({ evaluated_at }) => Date.parse(evaluated_at) / 1000),
      lines: [
        { label: "PSI", style: "main", values: past.map(({ value }) => value) },
        { label: "alarm past", style: "threshold", values: past.map(({ threshold }) => threshold.upper) },
      ],
      marks: marksOf(state),
      format: figure,
    });
    fill(note, find(state, "prediction", "psi")?.sentence ?? "No look at the predictions yet.");
    fill(
      bars,
      pairedBars(
        state.distributions.score.bins.map((bin) => ({ ...bin, label: percentBin(bin.bin) })),
        percent,
      ),
    );
  }
  return { element, draw };
}
