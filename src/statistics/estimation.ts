import { type MetricName, metricNames } from "./classification.ts";
import { accuracy, type Confusion, f1, precision, recall, specificity } from "./confusion.ts";
import { expectedRanking } from "./expected-ranking.ts";
import { confidenceLevel, type Interval, logitInterval, normalInterval, undefinedInterval } from "./intervals.ts";
import { calibrationBin, calibrationBins } from "./probability-scores.ts";

export interface PerformanceEstimate {
  rows: number;
  /** Expected counts; they sum to the rows. */
  confusion: Confusion;
  /** What labels are expected to show, and how far labels drawn from the probabilities stray from it. */
  metrics: Record<MetricName, Interval>;
}

/**
 * Confidence-based performance estimation: the metrics that a window's labels will show, from its calibrated
 * probabilities alone. A row with probability p counts as p of a positive and 1 − p of a negative; it is predicted
 * positive when p ≥ threshold. Ratios are ratios of expectations. brier is E[p(1 − p)], log_loss the mean entropy,
 * calibration_error what perfectly calibrated probabilities show on this many rows (normal approximation
 * in each bin: within 1 % on 100 rows of spread probabilities, 7 % where all bins together expect one positive).
 *
 * Standard errors are those of the realized metric given the rows, labels being independent draws (delta method).
 * The estimate is right as long as the probabilities are calibrated: it sees changes of the inputs, never a change of
 * what the inputs mean (concept drift).
 *
 * Range: that of the metrics; NaN where one is undefined, all without rows or with a NaN probability.
 * Source: NannyML's CBPE (roc_auc and average_precision in its plug-in form, which falls short of the exact
 * expectation of the AUC by less than 1 / rows).
 */
export function estimatePerformance(
  probabilities: Float64Array,
  threshold: number,
  level = confidenceLevel,
): PerformanceEstimate {
  const descending = probabilities.slice().sort().reverse();
  const rows = descending.length;
  if (rows === 0 || Number.isNaN(descending[0])) return unknownEstimate(rows);
  const totals = sums(descending, threshold);
  const { confusion } = totals;
  const ranking = expectedRanking(descending);
  const share = (value: number, variance: number) => logitInterval(value, Math.sqrt(variance), rows, level);
  const loss = (sum: number, variance: number) =>
    normalInterval(sum / rows, Math.sqrt(variance) / rows, { least: 0, level });
  const { truePositives, falsePositives, falseNegatives, trueNegatives } = confusion;
  const positives = truePositives + falseNegatives;
  const negatives = falsePositives + trueNegatives;
  const predicted = truePositives + falsePositives;
  const { varianceAbove, varianceBelow } = totals;
  const hit = recall(confusion);
  const spared = specificity(confusion);
  const harmonic = f1(confusion);
  return {
    rows,
    confusion,
    metrics: {
      accuracy: share(accuracy(confusion), (varianceAbove + varianceBelow) / rows ** 2),
      precision: share(precision(confusion), varianceAbove / predicted ** 2),
      recall: share(hit, ((1 - hit) ** 2 * varianceAbove + hit ** 2 * varianceBelow) / positives ** 2),
      specificity: share(spared, ((1 - spared) ** 2 * varianceBelow + spared ** 2 * varianceAbove) / negatives ** 2),
      f1: share(
        harmonic,
        ((2 - harmonic) ** 2 * varianceAbove + harmonic ** 2 * varianceBelow) / (predicted + positives) ** 2,
      ),
      roc_auc: share(ranking.rocAuc, ranking.rocAucVariance),
      average_precision: share(ranking.averagePrecision, ranking.averagePrecisionVariance),
      brier: loss(varianceAbove + varianceBelow, totals.brierVariance),
      log_loss: loss(totals.entropy, totals.logLossVariance),
      calibration_error: loss(totals.calibrationGap, totals.calibrationGapVariance),
    },
  };
}

/** Sums over the rows that the estimates are made of; a label's variance p(1 − p) is split at the threshold. */
function sums(probabilities: Float64Array, threshold: number) {
  let truePositives = 0;
  let falseNegatives = 0;
  let predicted = 0;
  let varianceAbove = 0;
  let varianceBelow = 0;
  let brierVariance = 0;
  let entropy = 0;
  let logLossVariance = 0;
  const binVariance = new Float64Array(calibrationBins);
  for (let row = 0; row < probabilities.length; row++) {
    const p = probabilities[row] as number;
    const variance = p * (1 - p);
    if (p >= threshold) {
      predicted++;
      truePositives += p;
      varianceAbove += variance;
    } else {
      falseNegatives += p;
      varianceBelow += variance;
    }
    brierVariance += (1 - 2 * p) ** 2 * variance;
    const bin = calibrationBin(p);
    binVariance[bin] = (binVariance[bin] as number) + variance;
    if (variance === 0) continue;
    const yes = Math.log(p);
    const no = Math.log1p(-p);
    entropy -= p * yes + (1 - p) * no;
    logLossVariance += (yes - no) ** 2 * variance;
  }
  const falsePositives = predicted - truePositives;
  const confusion = {
    truePositives,
    falsePositives,
    falseNegatives,
    trueNegatives: probabilities.length - predicted - falseNegatives,
  };
  const calibrationGap = binVariance.reduce((sum, variance) => sum + Math.sqrt((2 / Math.PI) * variance), 0);
  const calibrationGapVariance = (1 - 2 / Math.PI) * (varianceAbove + varianceBelow);
  return {
    confusion,
    varianceAbove,
    varianceBelow,
    brierVariance,
    entropy,
    logLossVariance,
    calibrationGap,
    calibrationGapVariance,
  };
}

function unknownEstimate(rows: number): PerformanceEstimate {
  const unknown = rows === 0 ? 0 : Number.NaN;
  return {
    rows,
    confusion: { truePositives: unknown, falsePositives: unknown, falseNegatives: unknown, trueNegatives: unknown },
    metrics: Object.fromEntries(metricNames.map((name) => [name, undefinedInterval])) as Record<MetricName, Interval>,
  };
}
