import type { PanelKey, Result, Setup, WindowFigures } from "./api.ts";
import { createChart } from "./chart.ts";
import { calibrationCurve, rocCurve } from "./curves.ts";
import { html, legend } from "./dom.ts";
import { count, duration, figure, percent } from "./format.ts";
import { align, type History } from "./history.ts";
import { createPanel } from "./panel.ts";

const metrics = [
  "roc_auc",
  "average_precision",
  "f1",
  "precision",
  "recall",
  "accuracy",
  "brier",
  "log_loss",
  "calibration_error",
] as const satisfies PanelKey[];
type Metric = (typeof metrics)[number];

/** What a forecast without any model reaches, from the share of churners. */
const baselines: Partial<Record<Metric, (churners: number) => number>> = {
  roc_auc: () => 0.5,
  average_precision: (share) => share,
  f1: (share) => (2 * share) / (1 + share),
  precision: (share) => share,
  accuracy: (share) => 1 - share,
  brier: (share) => share * (1 - share),
  log_loss: (share) => -share * Math.log(share) - (1 - share) * Math.log(1 - share),
};

export function createPerformance(setup: Setup, history: History) {
  const panel = createPanel("roc_auc", setup);
  const choice = html(
    "select",
    { "aria-label": "Metric" },
    ...metrics.map((metric) => html("option", { value: metric }, setup.panels[metric].title)),
  );
  panel.title.replaceChildren(choice);
  const baselineText = html("span", { class: "quiet" });
  panel.header.insertBefore(baselineText, panel.title.nextSibling);
  const canvas = html("div", { class: "chart" });
  panel.body.append(
    canvas,
    legend([
      { kind: "now", text: "realized, with its 95 % interval" },
      { kind: "estimate", text: "estimated without labels, with its 95 % interval", isDashed: true },
      { kind: "threshold", text: "threshold", isDashed: true },
      { kind: "onset", text: "scenario begins" },
    ]),
  );
  const confusion = createPanel("confusion", setup);
  const calibration = createPanel("calibration", setup);
  const roc = createPanel("roc", setup);
  const chart = createChart(
    canvas,
    "Realized and estimated performance over time",
    [
      { label: "realized, high", color: "--now", isThin: true, shadesToNext: true },
      { label: "realized, low", color: "--now", isThin: true },
      { label: "estimated, high", color: "--estimate", isThin: true, shadesToNext: true },
      { label: "estimated, low", color: "--estimate", isThin: true },
      { label: "estimated", color: "--estimate", isDashed: true },
      { label: "realized", color: "--now" },
      { label: "threshold", color: "--threshold", isDashed: true },
    ],
    (value) => figure(value),
  );
  let last: { figures: WindowFigures; perSecond: number | null } | null = null;

  function draw(): void {
    if (!last) return;
    const { figures, perSecond } = last;
    const metric = choice.value as Metric;
    const aligned = align([history.of("realized", metric), history.of("estimated", metric)]);
    const [realized, estimated] = [aligned.at(0), aligned.at(1)];
    const values = (results: (Result | undefined)[], of: (result: Result) => number | null) =>
      results.map((result) => (result ? of(result) : null));
    const known = values(realized, (result) => result.value);
    const points = [...known, ...values(estimated, (result) => result.value)].filter((value) => value).length;
    const waiting = waitingFor(figures, perSecond, setup);
    if (points === 0) panel.empty(waiting);
    else {
      panel.ready(points);
      chart.update(
        aligned.times,
        [
          values(realized, (result) => result.upper),
          values(realized, (result) => result.lower),
          values(estimated, (result) => result.upper),
          values(estimated, (result) => result.lower),
          values(estimated, (result) => result.value),
          known,
          values(estimated, ({ threshold }) => threshold.lower ?? threshold.upper),
        ],
        history.onsets,
      );
    }
    const share = figures.churners.observed;
    const baseline = share === null ? undefined : baselines[metric]?.(share);
    const newest = realized.at(-1);
    baselineText.textContent = [
      newest?.value == null
        ? ""
        : `realized ${figure(newest.value)} (${figure(newest.lower)} to ${figure(newest.upper)})`,
      baseline === undefined ? "" : `without a model ${figure(baseline)}`,
      `labels known ${percent(figures.window.coverage, 0)}`,
    ]
      .filter(Boolean)
      .join(" · ");

    if (figures.window.labelled === 0) {
      for (const view of [confusion, calibration, roc]) view.empty(waiting);
      return;
    }
    confusion.body.replaceChildren(confusionTable(figures));
    confusion.ready(figures.window.labelled);
    calibration.body.replaceChildren(
      calibrationCurve(figures),
      legend([
        { kind: "now", text: "this window" },
        { kind: "reference", text: "reference" },
      ]),
    );
    calibration.ready(figures.calibration.filter(({ observed }) => observed > 0).length);
    if (figures.roc.length === 0) roc.empty();
    else {
      roc.body.replaceChildren(
        rocCurve(figures),
        legend([{ kind: "now", text: `dot: threshold ${figure(figures.threshold)}` }]),
      );
      roc.ready(figures.roc.length);
    }
  }
  choice.addEventListener("change", draw);

  return {
    update(figures: WindowFigures, perSecond: number | null): void {
      last = { figures, perSecond };
      draw();
    },
  };
}

function waitingFor({ window }: WindowFigures, perSecond: number | null, { least, feedback_delay }: Setup): string {
  const missing = Math.max(1, least.labels - window.labelled);
  const seconds = window.labelled === 0 ? feedback_delay : 0;
  const time = perSecond ? `, about ${duration(1000 * (seconds + missing / perSecond))}` : "";
  return `Waiting for ${count(least.labels)} labels: ${count(window.labelled)} are known${time}`;
}

function confusionTable({ confusion, window }: WindowFigures): HTMLElement {
  const cell = (value: number, name: string) => {
    const element = html("td", {}, count(value), html("small", {}, name));
    element.style.setProperty("--share", String(value / window.labelled));
    return element;
  };
  const { true_positives, false_positives, true_negatives, false_negatives } = confusion;
  return html(
    "table",
    { class: "confusion" },
    html("caption", { class: "quiet" }, `${count(window.labelled)} labelled predictions`),
    html(
      "thead",
      {},
      html(
        "tr",
        {},
        html("th", { scope: "col" }, html("span", { class: "hidden" }, "What happened")),
        html("th", { scope: "col" }, "called churner"),
        html("th", { scope: "col" }, "not called"),
      ),
    ),
    html(
      "tbody",
      {},
      html(
        "tr",
        {},
        html("th", { scope: "row" }, "left"),
        cell(true_positives, "found"),
        cell(false_negatives, "missed"),
      ),
      html(
        "tr",
        {},
        html("th", { scope: "row" }, "stayed"),
        cell(false_positives, "wrongly called"),
        cell(true_negatives, "rightly left alone"),
      ),
    ),
  );
}
