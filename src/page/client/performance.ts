import { drawTime, squarePlot } from "./charts.ts";
import { fill, h } from "./dom.ts";
import { count, figure, percent, ratio } from "./format.ts";
import { find, marksOf, type State } from "./state.ts";

const names: Record<string, string> = {
  roc_auc: "ROC AUC",
  average_precision: "Average precision",
  recall: "Recall",
  precision: "Precision",
  f1: "F1",
  accuracy: "Accuracy",
  brier: "Brier score",
  log_loss: "Log loss",
  calibration_error: "Calibration error",
};

/** Band of performance: what labels show beside what is estimated. */
export function createPerformance() {
  let metric = "roc_auc";
  let last: State | null = null;
  const chips = h("div", { class: "chips", role: "group", "aria-label": "Metric" });
  const chart = h("div", { class: "chart" });
  const note = h("p", { class: "note" });
  const side = h("div", { class: "side" });
  const element = h(
    "section",
    { class: "band", "aria-label": "Performance" },
    h("h2", {}, "Performance"),
    chips,
    h("div", { class: "split" }, h("div", {}, chart, note), side),
  );

  function draw(state: State): void {
    last = state;
    fill(
      chips,
      ...Object.entries(names).map(([name, title]) => {
        const realized = find(state, "realized", name);
        const isAlarm = realized?.verdict === "alarm" || find(state, "estimated", name)?.verdict === "alarm";
        return h(
          "button",
          {
            type: "button",
            "data-metric": name,
            "aria-pressed": name === metric ? "true" : "false",
            class: isAlarm ? "alarm" : "",
          },
          h("span", {}, title),
          h("b", {}, ratio(realized?.value ?? find(state, "estimated", name)?.value)),
        );
      }),
    );
    drawChart(state);
    drawSide(state);
  }
  chips.addEventListener("click", ({ target }) => {
    const chosen = (target as Element).closest("button")?.dataset.metric;
    if (!chosen || !last) return;
    metric = chosen;
    draw(last);
    chips.querySelector<HTMLElement>(`[data-metric="${chosen}"]`)?.focus();
  });

  function drawChart(state: State): void {
    const realized = state.history.get(`realized ${metric} `) ?? [];
    const estimated = new Map((state.history.get(`estimated ${metric} `) ?? []).map((r) => [r.evaluated_at, r]));
    const times = realized.map(({ evaluated_at }) => Date.parse(evaluated_at) / 1000);
    const bound = realized.map(({ threshold }) => threshold.lower ?? threshold.upper);
    drawTime(
      chart,
      {
        times,
        lines: [
          { label: "labels show", style: "main", values: realized.map(({ value }) => value) },
          {
            label: "estimated",
            style: "second",
            values: realized.map((r) => estimated.get(r.evaluated_at)?.value ?? null),
          },
          { label: "alarm past", style: "threshold", values: bound },
        ],
        band: { lower: realized.map(({ lower }) => lower), upper: realized.map(({ upper }) => upper) },
        marks: marksOf(state),
        format: figure,
      },
      300,
    );
    const now = find(state, "realized", metric);
    const holdout = state.manifest?.performance.holdout.metrics[metric]?.value;
    const waits = now?.verdict === "insufficient" || now?.verdict === "immature";
    fill(
      note,
      waits
        ? `Waiting for labels: ${count(now?.rows)} are known; 200, and half of the window, are needed. Until then the estimate stands alone.`
        : `${names[metric]} ${ratio(now?.value)} (95 %: ${ratio(now?.lower)} – ${ratio(now?.upper)}) from ${count(now?.rows)} labels; ${ratio(holdout)} at training.`,
    );
  }

  function drawSide(state: State): void {
    const { confusion, calibration, roc } = state.window;
    const { true_positives: tp, false_positives: fp, false_negatives: fn, true_negatives: tn } = confusion;
    const labelled = tp + fp + fn + tn;
    const stayed = labelled === 0 ? null : Math.max(tn + fp, tp + fn) / labelled;
    const cell = (value: number, kind: string) => h("td", { class: kind }, count(value));
    fill(
      side,
      h(
        "table",
        { class: "confusion" },
        h("caption", {}, "What happened, by prediction"),
        h(
          "thead",
          {},
          h("tr", {}, h("td", {}), h("th", { scope: "col" }, "stayed"), h("th", { scope: "col" }, "churned")),
        ),
        h(
          "tbody",
          {},
          h("tr", {}, h("th", { scope: "row" }, "called loyal"), cell(tn, "right"), cell(fn, "wrong")),
          h("tr", {}, h("th", { scope: "row" }, "called churner"), cell(fp, "wrong"), cell(tp, "right")),
        ),
      ),
      h(
        "p",
        { class: "note" },
        `Right for ${percent(labelled ? (tp + tn) / labelled : null)}; without a model, always saying "stays", for ${percent(stayed)}.`,
      ),
      h(
        "div",
        { class: "plots" },
        h(
          "figure",
          {},
          squarePlot(
            calibration.map(({ predicted, observed }) => ({ x: predicted, y: observed })),
            "Calibration: observed churn by predicted probability",
            true,
          ),
          h("figcaption", {}, "calibration: churned over predicted"),
        ),
        h(
          "figure",
          {},
          squarePlot(
            roc.map((point) => ({ x: point.false_positive_rate, y: point.true_positive_rate })),
            "ROC curve",
            false,
          ),
          h("figcaption", {}, "ROC: churners found over false alarms"),
        ),
      ),
    );
  }
  return { element, draw };
}
