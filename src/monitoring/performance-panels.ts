import { serviceMetrics as metrics } from "../metric-catalogue.ts";
import type { PerformanceMetric } from "../models/manifest.ts";
import { baselines } from "./baselines.ts";
import { churnShare } from "./churn-share.ts";
import { metricTitles, shownMetrics, unitOf } from "./metric-titles.ts";
import { type Panel, rate, select, young } from "./panel.ts";

function performancePanel(metric: PerformanceMetric): Panel {
  const of = `metric="${metric}"`;
  const baseline = baselines[metric]?.promql(churnShare);
  return {
    title: metricTitles[metric],
    meaning:
      "Realized: from the labels that are known, with its 95 % interval. Estimated: from the calibrated probabilities alone (CBPE), which cannot see that what inputs mean has changed. Past the threshold the model is worse than at training by more than chance.",
    unit: unitOf(metric),
    view: "lines",
    width: 8,
    axis: null,
    empty: "Too few labels are known yet",
    series: [
      { expression: select(metrics.realized, of), legend: "realized" },
      { expression: select(metrics.realizedLower, of), legend: "realized, 95 % low", role: "lower" },
      { expression: select(metrics.realizedUpper, of), legend: "realized, 95 % high", role: "upper" },
      { expression: select(metrics.estimated, of), legend: "estimated" },
      { expression: select(metrics.estimatedLower, of), legend: "estimated, 95 % low", role: "lower" },
      { expression: select(metrics.estimatedUpper, of), legend: "estimated, 95 % high", role: "upper" },
      // A comparison leaves out the bound that the metric does not have (NaN).
      { expression: `${select(metrics.performanceThreshold, of)} >= 0`, legend: "threshold", role: "threshold" },
      ...(baseline ? [{ expression: baseline, legend: "without a model", role: "reference" } as const] : []),
    ],
  };
}

export const performancePanels: Panel[] = [
  ...shownMetrics.map(performancePanel),
  {
    title: "Label coverage",
    meaning: "Share of the window's predictions whose outcome is known. Realized figures need one half.",
    unit: "ratio",
    view: "lines",
    width: 6,
    axis: { from: 0, to: 1 },
    empty: young,
    series: [{ expression: select(metrics.labelCoverage), legend: "coverage" }],
  },
  {
    title: "Labels that are due",
    meaning:
      "Share of the predictions old enough for a label that have one. Below one half labels have stopped, and nobody knows whether the model is right.",
    unit: "ratio",
    view: "lines",
    width: 6,
    axis: { from: 0, to: 1 },
    empty: "No prediction is old enough yet",
    series: [{ expression: select(metrics.labelDueCoverage), legend: "labelled" }],
  },
  {
    title: "Error of the estimate",
    meaning:
      "Estimated minus realized, on the same labelled predictions. Far from 0 while inputs are calm: what inputs mean has changed (concept drift).",
    unit: "score",
    view: "lines",
    width: 12,
    empty: "Too few labels are known yet",
    series: [{ expression: select(metrics.estimateError), legend: "{{metric}}" }],
  },
  {
    title: "Worst segment along each field, as a share of its threshold",
    meaning:
      "Squared error of the predictions where the model does worst, over the error that chance alone does not exceed there. Red, from 1 on: it got worse for those customers.",
    unit: "of threshold",
    view: "states",
    width: 12,
    empty: "Too few labels are known yet",
    series: [
      {
        expression: `${select(metrics.segmentBrier)} / ${select(metrics.segmentBrierThreshold)}`,
        legend: "{{feature}}",
      },
    ],
  },
  {
    title: "Confusion",
    meaning: "Labelled predictions of the window by what happened and what was predicted; 1 is churn.",
    unit: "count",
    view: "bars",
    width: 6,
    empty: "No label is known yet",
    series: [{ expression: select(metrics.confusion), legend: "actual {{actual}}, predicted {{predicted}}" }],
  },
  {
    title: "Time to the label",
    meaning:
      "How long after a prediction its outcome became known: of the labels that came in this time, and of those of the window.",
    unit: "seconds",
    view: "lines",
    width: 6,
    empty: "No label came in this time",
    series: [
      ...([0.5, 0.95] as const).map((quantile) => ({
        expression: `histogram_quantile(${quantile}, sum by (le) (${rate(metrics.feedbackDelay, [], "bucket")}))`,
        legend: `${quantile * 100} % within`,
      })),
      { expression: select(metrics.labelDelay), legend: "median of the window" },
    ],
  },
];
