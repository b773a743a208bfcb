import { type Performance, type PerformanceMetric, performanceMetrics } from "../models/manifest.ts";
import { classificationIntervals } from "../statistics/classification-intervals.ts";
import { confusionCounts } from "../statistics/confusion.ts";
import { normalQuantile } from "../statistics/distributions.ts";
import { estimatePerformance } from "../statistics/estimation.ts";
import type { Interval } from "../statistics/intervals.ts";
import { type Finding, leastCoverage, leastLabels, leastRows, rateWithin } from "./finding.ts";
import { labelledRows, type Window } from "./window.ts";

const errors: readonly PerformanceMetric[] = ["brier", "log_loss", "calibration_error"];
const none = Number.NaN;

export interface PerformanceFindings {
  findings: Finding[];
  /** Share of the window's predictions whose label is known; NaN for an empty window. */
  coverage: number;
  /** Labelled predictions by "actual:predicted". */
  confusion: Record<string, number>;
}

/**
 * The bound past which a metric of `rows` rows is worse than the reference by more than chance: the reference's value,
 * moved by the normal quantile of the family's false-alarm rate times the joint standard error of reference and window.
 * The error of calibration is never 0 on a finite sample, so its bound starts from what a calibrated model shows.
 */
function bounds(metric: PerformanceMetric, reference: Performance, rows: number, calibrated: Interval) {
  const { value, standardError } = reference.metrics[metric];
  const z = normalQuantile(1 - rateWithin(performanceMetrics.length));
  if (metric === "calibration_error") {
    return {
      thresholdLower: none,
      thresholdUpper: Math.max(value ?? 0, calibrated.value) + z * calibrated.standardError,
    };
  }
  const spread = z * (standardError ?? none) * Math.sqrt(1 + reference.rows / rows);
  if (errors.includes(metric)) return { thresholdLower: none, thresholdUpper: (value ?? none) + spread };
  return { thresholdLower: Math.max(0, (value ?? none) - spread), thresholdUpper: none };
}

/** What labels say of the window's predictions, against the performance on the holdout. */
export function realizedPerformance(window: Window, reference: Performance, threshold: number): PerformanceFindings {
  const { probabilities, labels } = labelledRows(window);
  const rows = labels.length;
  const coverage = window.rows === 0 ? none : rows / window.rows;
  const unjudged = coverage < leastCoverage ? "immature" : rows < leastLabels ? "insufficient" : null;
  const counts = confusionCounts(probabilities, labels, threshold);
  const intervals = classificationIntervals(probabilities, labels, threshold);
  const calibrated = estimatePerformance(probabilities, threshold).metrics.calibration_error;
  const findings = performanceMetrics.map((metric): Finding => {
    const base = { monitor: "realized", metric, feature: null, rows } as const;
    if (unjudged)
      return { ...base, value: none, lower: none, upper: none, thresholdLower: none, thresholdUpper: none, unjudged };
    const { value, lower, upper } = intervals[metric];
    return { ...base, value, lower, upper, ...bounds(metric, reference, rows, calibrated) };
  });
  findings.push({
    monitor: "labels",
    metric: "coverage",
    feature: null,
    value: coverage,
    lower: none,
    upper: none,
    thresholdLower: none,
    thresholdUpper: none,
    rows: window.rows,
    ...(window.rows === 0 && { unjudged: "insufficient" as const }),
  });
  return {
    findings,
    coverage,
    confusion: {
      "0:0": counts.trueNegatives,
      "0:1": counts.falsePositives,
      "1:0": counts.falseNegatives,
      "1:1": counts.truePositives,
    },
  };
}

/** What the same metrics must be if the probabilities are right, without any label; blind to concept drift. */
export function estimatedPerformance(window: Window, reference: Performance, threshold: number): Finding[] {
  const { metrics } = estimatePerformance(window.probability, threshold);
  const { rows } = window;
  return performanceMetrics.map((metric): Finding => {
    const base = { monitor: "estimated", metric, feature: null, rows } as const;
    if (rows < leastRows) {
      return {
        ...base,
        value: none,
        lower: none,
        upper: none,
        thresholdLower: none,
        thresholdUpper: none,
        unjudged: "insufficient",
      };
    }
    const { value, lower, upper } = metrics[metric];
    return { ...base, value, lower, upper, ...bounds(metric, reference, rows, metrics.calibration_error) };
  });
}
