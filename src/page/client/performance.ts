import { type Answer, attempt, type Result, type Setup, type WindowFigures } from "./api.ts";
import { createChart } from "./chart.ts";
import { calibrationCurve, rocCurve } from "./curves.ts";
import { html, legend, onsetLegend } from "./dom.ts";
import { count, figure, percent } from "./format.ts";
import { align, type History } from "./history.ts";
import { createPanel } from "./panel.ts";
import { type Labels, waitingForLabels } from "./waiting.ts";

type Metric = Setup["metrics"][number]["metric"];

export function createPerformance(setup: Setup, history: History) {
  const panel = createPanel("roc_auc");
  const choice = html(
    "select",
    { "aria-label": "Metric" },
    ...setup.metrics.map(({ metric, title }) => html("option", { value: metric }, title)),
  );
  panel.title.replaceChildren(choice);
  const baselineText = html("span", { class: "quiet" });
  panel.header.insertBefore(baselineText, panel.title.nextSibling);
  const canvas = html("div", { class: "chart" });
  const labelsText = html("p", { class: "quiet" });
  panel.body.append(
    labelsText,
    canvas,
    legend([
      { kind: "now", text: "realized, with its 95 % interval" },
      { kind: "estimate", text: "estimated without labels, with its 95 % interval", isDashed: true },
      { kind: "threshold", text: "threshold", isDashed: true },
      onsetLegend,
    ]),
  );
  const confusion = createPanel("confusion");
  const calibration = createPanel("calibration");
  const roc = createPanel("roc");
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
  let last: { figures: Answer<WindowFigures>; perSecond: number | null } | null = null;

  async function update(): Promise<void> {
    const metric = choice.value as Metric;
    const past = await attempt(Promise.all([history.ensure("realized", metric), history.ensure("estimated", metric)]));
    if (!last || metric !== choice.value) return;
    const { figures, perSecond } = last;
    const seen = history.of("labels", "coverage").at(-1);
    const labels: Labels = { rows: seen?.rows ?? 0, coverage: seen?.value ?? null };
    const waiting = waitingForLabels(labels, perSecond, setup);
    panel.draw([figures, past], (window) => drawLines(metric, window, labels, waiting));
    for (const [view, paint] of [
      [confusion, drawConfusion],
      [calibration, drawCalibration],
      [roc, drawRoc],
    ] as const) {
      view.draw([figures], (window) => {
        if (window.window.labelled === 0) view.empty(waiting);
        else paint(window);
      });
    }
  }

  function drawLines(metric: Metric, figures: WindowFigures, labels: Labels, waiting: string): void {
    const aligned = align([history.of("realized", metric), history.of("estimated", metric)]);
    const [realized, estimated] = [aligned.at(0), aligned.at(1)];
    const values = (results: (Result | undefined)[], of: (result: Result) => number | null) =>
      results.map((result) => (result ? of(result) : null));
    const known = values(realized, (result) => result.value);
    const points = [...known, ...values(estimated, (result) => result.value)].filter((value) => value).length;
    const newest = realized.at(-1);
    const baseline = figures.baselines[metric];
    baselineText.textContent = [
      newest?.value == null
        ? ""
        : `realized ${figure(newest.value)} (${figure(newest.lower)} to ${figure(newest.upper)})`,
      baseline == null ? "" : `without a model ${figure(baseline)}`,
      `labels known ${percent(labels.coverage, 0)}`,
    ]
      .filter(Boolean)
      .join(" · ");
    if (points === 0) {
      panel.empty(waiting);
      return;
    }
    labelsText.textContent = known.some((value) => value !== null) ? "" : `${waiting}. Until then: the estimate.`;
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

  function drawConfusion(figures: WindowFigures): void {
    const { true_positives: found, false_positives: wrong, false_negatives: missed } = figures.confusion;
    const inWords = `Of those called ${percent(found / (found + wrong), 0)} left; of those who left ${percent(found / (found + missed), 0)} were called.`;
    confusion.body.replaceChildren(confusionTable(figures), html("p", { class: "quiet" }, inWords));
    confusion.ready(figures.window.labelled);
  }

  function drawCalibration(figures: WindowFigures): void {
    calibration.body.replaceChildren(
      calibrationCurve(figures),
      legend([
        { kind: "now", text: "this window" },
        { kind: "reference", text: "reference" },
      ]),
    );
    calibration.ready(figures.calibration.filter(({ observed }) => observed > 0).length);
  }

  function drawRoc(figures: WindowFigures): void {
    if (figures.roc.length === 0) {
      roc.empty();
      return;
    }
    roc.body.replaceChildren(
      rocCurve(figures),
      legend([{ kind: "now", text: `dot: the threshold in use, ${percent(figures.threshold)}` }]),
    );
    roc.ready(figures.roc.length);
  }
  choice.addEventListener("change", () => void update());

  return {
    update(figures: Answer<WindowFigures>, perSecond: number | null): Promise<void> {
      last = { figures, perSecond };
      return update();
    },
  };
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
