import { type Manifest, type PerformanceMetric, performanceMetrics } from "../models/manifest.ts";
import { classificationIntervals } from "../statistics/classification-intervals.ts";
import { confusionCounts } from "../statistics/confusion.ts";
import { normalQuantile } from "../statistics/distributions.ts";
import { estimatePerformance, type PerformanceEstimate } from "../statistics/estimation.ts";
import type { Interval } from "../statistics/intervals.ts";
import { nullThreshold } from "../statistics/null-distribution.ts";
import {
  type Finding,
  finding,
  leastCoverage,
  leastLabels,
  leastRows,
  rateWithin,
  unjudgedFinding,
  withEvidence,
} from "./finding.ts";
import { estimateEvidence, realizedEvidence } from "./performance-evidence.ts";
import { nullOf } from "./thresholds.ts";
import { labelledRows, type Window } from "./window.ts";

const errors: readonly PerformanceMetric[] = ["brier", "log_loss", "calibration_error"];
const none = Number.NaN;
const rate = rateWithin(performanceMetrics.length);
const z = normalQuantile(1 - rate);

export type MonitoredModel = Pick<Manifest, "performance" | "estimated" | "threshold"> & {
  reference: Pick<Manifest["reference"], "nulls" | "calibration">;
};

export interface PerformanceFindings {
  findings: Finding[];
  /** Share of the window's predictions whose label is known; NaN for an empty window. */
  coverage: number;
  /** Labelled predictions by "actual:predicted". */
  confusion: Record<string, number>;
}

/**
 * The bound past which a metric of `rows` rows is worse than the reference by more than chance: the reference's value,
 * moved by the normal quantile of the family's false-alarm rate times the joint standard error of reference and window. The
 * calibration error, which is never 0 on a finite sample, has the bound that windows of the holdout give.
 */
function bounds(metric: PerformanceMetric, { performance: { holdout }, reference }: MonitoredModel, rows: number) {
  if (metric === "calibration_error")
    return { thresholdLower: none, thresholdUpper: calibrationBound(reference, rows) };
  const { value, standardError } = holdout.metrics[metric];
  const spread = z * (standardError ?? none) * Math.sqrt(1 + holdout.rows / rows);
  if (errors.includes(metric)) return { thresholdLower: none, thresholdUpper: (value ?? none) + spread };
  return { thresholdLower: Math.max(0, (value ?? none) - spread), thresholdUpper: none };
}

/** That of the largest window for which there is one and that `rows` reaches: a smaller window strays further. */
function calibrationBound({ nulls }: Pick<Manifest["reference"], "nulls">, rows: number): number {
  const law = nulls.findLast((stored) => stored.statistic === "calibration_error" && stored.rows <= rows);
  return law ? nullThreshold(nullOf(law), rate) : none;
}

/**
 * What labels say of the window's predictions, against the performance on the holdout; and how far the estimate, on the same
 * rows, was from it. An estimate that is wrong by more than chance says that the probabilities no longer mean what they did:
 * the one alarm that tells a change of what the inputs mean from a change of the inputs.
 */
export function realizedPerformance(window: Window, model: MonitoredModel): PerformanceFindings {
  const { estimated, threshold } = model;
  const { holdout } = model.performance;
  const { probabilities, labels } = labelledRows(window);
  const rows = labels.length;
  const coverage = window.rows === 0 ? none : rows / window.rows;
  const unjudged = coverage < leastCoverage ? "immature" : rows < leastLabels ? "insufficient" : null;
  const counts = confusionCounts(probabilities, labels, threshold);
  const confusion = {
    "0:0": counts.trueNegatives,
    "0:1": counts.falsePositives,
    "1:0": counts.falseNegatives,
    "1:1": counts.truePositives,
  };
  if (unjudged) {
    const unknown = (monitor: "realized" | "estimate_error", metric: string) =>
      unjudgedFinding({ monitor, metric, feature: null, rows }, unjudged);
    const findings = performanceMetrics.flatMap((metric) => [
      unknown("realized", metric),
      unknown("estimate_error", metric),
    ]);
    return { findings: [...findings, unknown("realized", "specificity")], coverage, confusion };
  }
  const realized = classificationIntervals(probabilities, labels, threshold);
  const estimate = estimatePerformance(probabilities, threshold).metrics;
  const judged = performanceMetrics.flatMap((metric): Finding[] => {
    const usual = (estimated[metric] ?? none) - (holdout.metrics[metric].value ?? none);
    const spread = z * estimate[metric].standardError * Math.sqrt(1 + rows / holdout.rows);
    const labelled = { probabilities, labels };
    const shown = bounded("realized", metric, realized[metric], model, rows);
    const error = finding({
      monitor: "estimate_error",
      metric,
      feature: null,
      rows,
      value: estimate[metric].value - shown.value,
      standardError: estimate[metric].standardError,
      // That of the calibration error is judged by the error itself.
      ...(metric !== "calibration_error" && {
        thresholdLower: usual - spread,
        thresholdUpper: usual + spread,
        chance: 2 * rate,
      }),
    });
    return [
      withEvidence(shown, () => realizedEvidence(metric, labelled, model)),
      withEvidence(error, () => estimateEvidence(metric, labelled, model)),
    ];
  });
  const findings = [...judged, unbounded("realized", realized.specificity, rows)];
  return { findings, coverage, confusion };
}

/** A metric against the bound past which it is worse than the reference by more than chance. */
const bounded = (
  monitor: "realized" | "estimated",
  metric: PerformanceMetric,
  { value, lower, upper, standardError }: Interval,
  model: MonitoredModel,
  rows: number,
) =>
  finding({
    monitor,
    metric,
    feature: null,
    value,
    lower,
    upper,
    standardError,
    rows,
    ...bounds(metric, model, rows),
    chance: rate,
  });

/** Specificity is told and not judged: with precision, recall and accuracy judged, it says nothing of its own. */
const unbounded = (monitor: "realized" | "estimated", { value, lower, upper, standardError }: Interval, rows: number) =>
  finding({ monitor, metric: "specificity", feature: null, value, lower, upper, standardError, rows });

/** What the same metrics must be if the probabilities are right, without any label; blind to concept drift. */
export function estimatedPerformance(window: Window, model: MonitoredModel): Finding[] {
  const { rows } = window;
  const estimate: PerformanceEstimate | null =
    rows < leastRows ? null : estimatePerformance(window.probabilities, model.threshold);
  if (!estimate)
    return [...performanceMetrics, "specificity"].map((metric) =>
      unjudgedFinding({ monitor: "estimated", metric, feature: null, rows }, "insufficient"),
    );
  const judged = performanceMetrics.map((metric) =>
    bounded("estimated", metric, estimate.metrics[metric], model, rows),
  );
  return [...judged, unbounded("estimated", estimate.metrics.specificity, rows)];
}
