import { normalTwoSided } from "./distributions.ts";
import { confidenceLevel, type Interval, logitInterval, undefinedInterval, zOf } from "./intervals.ts";
import { forEachScore, type RankedScores, rankScores, rocAuc } from "./ranking.ts";

/**
 * Area under the ROC curve with DeLong's standard error, and its interval on the scale of log-odds (Wilson's for the
 * smaller class where the classes are fully separated or one has a single row).
 *
 * Range: all 0 … 1. NaN with one class only or a NaN score; the standard error also with a class of one row.
 * Source: DeLong, DeLong & Clarke-Pearson (1988), in the O(n log n) form of Sun & Xu (2014).
 */
export function aucInterval(ranked: RankedScores, level = confidenceLevel): Interval {
  const auc = rocAuc(ranked);
  if (Number.isNaN(auc)) return undefinedInterval;
  const positives = ranked.positives.length;
  const negatives = ranked.negatives.length;
  let ofPositives = 0;
  let ofNegatives = 0;
  forEachScore(ranked, ({ positivesHere, negativesHere, positivesAbove, negativesAbove }) => {
    ofPositives += positivesHere * ((negatives - negativesAbove + negativesHere / 2) / negatives - auc) ** 2;
    ofNegatives += negativesHere * ((positivesAbove - positivesHere / 2) / positives - auc) ** 2;
  });
  const variance = ofPositives / (positives - 1) / positives + ofNegatives / (negatives - 1) / negatives;
  return logitInterval(auc, Math.sqrt(variance), Math.min(positives, negatives), level);
}

export interface AucComparison {
  /** AUC of the first scores less AUC of the second, −1 … 1, with its normal interval. */
  difference: Interval;
  z: number;
  /** Two-sided, 0 … 1. */
  pValue: number;
}

/**
 * DeLong's test of two scores on the same rows: does one rank better than the other?
 *
 * NaN with one class only, a class of one row or a NaN score. Scores that rank alike have difference 0 and p-value 1.
 * Source: DeLong, DeLong & Clarke-Pearson (1988).
 *
 * @throws RangeError when the vectors differ in length: a defect of the caller.
 */
export function compareAuc(
  first: Float64Array,
  second: Float64Array,
  labels: Uint8Array,
  level = confidenceLevel,
): AucComparison {
  const a = placements(first, labels);
  const b = placements(second, labels);
  const value = a.auc - b.auc;
  const positives = { rows: 0, squares: 0 };
  const negatives = { rows: 0, squares: 0 };
  for (let row = 0; row < labels.length; row++) {
    const side = labels[row] === 1 ? positives : negatives;
    side.rows++;
    side.squares += ((a.placement[row] as number) - (b.placement[row] as number) - value) ** 2;
  }
  const variance = [positives, negatives].reduce((sum, { rows, squares }) => sum + squares / (rows - 1) / rows, 0);
  const standardError = Math.sqrt(variance);
  const half = zOf(level) * standardError;
  const z = value === 0 && variance === 0 ? 0 : value / standardError;
  return {
    difference: { value, lower: Math.max(-1, value - half), upper: Math.min(1, value + half), standardError },
    z,
    pValue: normalTwoSided(z),
  };
}

/** For a positive row the share of negatives that score lower, for a negative one that of positives that score higher; ties half. */
function placements(scores: Float64Array, labels: Uint8Array): { auc: number; placement: Float64Array } {
  const ranked = rankScores(scores, labels);
  const { positives, negatives } = ranked;
  const placement = Float64Array.from(labels, (label, row) => {
    const score = scores[row] as number;
    return label === 1 ? shareBelow(negatives, score) : 1 - shareBelow(positives, score);
  });
  return { auc: rocAuc(ranked), placement };
}

function shareBelow(ascending: Float64Array, score: number): number {
  const below = firstWhere(ascending, (value) => value >= score);
  const atMost = firstWhere(ascending, (value) => value > score);
  return (below + atMost) / (2 * ascending.length);
}

function firstWhere(ascending: Float64Array, holds: (value: number) => boolean): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(ascending[middle] as number)) high = middle;
    else low = middle + 1;
  }
  return low;
}
