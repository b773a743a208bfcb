import { accuracy, confusionCounts, f1, precision, recall, specificity } from "./confusion.ts";
import { brier, expectedCalibrationError, logLoss } from "./probability-scores.ts";
import { averagePrecision, rankScores, rocAuc } from "./ranking.ts";

export const metricNames = [
  "accuracy",
  "precision",
  "recall",
  "specificity",
  "f1",
  "roc_auc",
  "average_precision",
  "brier",
  "log_loss",
  "calibration_error",
] as const;
export type MetricName = (typeof metricNames)[number];
export type ClassificationMetrics = Record<MetricName, number>;

/**
 * Every metric of a binary classifier at once, in O(n log n). A row is predicted positive when its probability ≥
 * threshold; labels are 0 or 1.
 *
 * Range: 0 … 1 each, log_loss 0 … 36.04 nats. NaN where a metric is undefined: all without rows; precision when
 * nothing is predicted positive; recall and average_precision without positives; specificity without negatives;
 * roc_auc with one class; f1 with no positive, actual or predicted.
 * Source: sklearn.metrics; the calibration error of Naeini, Cooper & Hauskrecht (2015).
 *
 * @throws RangeError when the vectors differ in length: a defect of the caller.
 */
export function classificationMetrics(
  probabilities: Float64Array,
  labels: Uint8Array,
  threshold: number,
): ClassificationMetrics {
  const counts = confusionCounts(probabilities, labels, threshold);
  const ranked = rankScores(probabilities, labels);
  return {
    accuracy: accuracy(counts),
    precision: precision(counts),
    recall: recall(counts),
    specificity: specificity(counts),
    f1: f1(counts),
    roc_auc: rocAuc(ranked),
    average_precision: averagePrecision(ranked),
    brier: brier(probabilities, labels),
    log_loss: logLoss(probabilities, labels),
    calibration_error: expectedCalibrationError(probabilities, labels),
  };
}
