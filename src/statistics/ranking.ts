import { requireSameLength } from "./confusion.ts";

/** Scores of each class, ascending: all that a metric of ranking depends on. */
export interface RankedScores {
  positives: Float64Array;
  negatives: Float64Array;
  /** False when a score is NaN: then there is no ranking. */
  valid: boolean;
}

/** Rows that share one score, and all rows that score higher or equal. */
export interface ScoreStep {
  score: number;
  positivesHere: number;
  negativesHere: number;
  positivesAbove: number;
  negativesAbove: number;
}

/**
 * Splits scores by label (1 positive, 0 negative) and sorts each class: O(n log n) in native sorts.
 *
 * @throws RangeError when the vectors differ in length.
 */
export function rankScores(scores: Float64Array, labels: Uint8Array): RankedScores {
  requireSameLength(scores, labels);
  let count = 0;
  for (let row = 0; row < labels.length; row++) count += labels[row] as number;
  const positives = new Float64Array(count);
  const negatives = new Float64Array(labels.length - count);
  let p = 0;
  let n = 0;
  for (let row = 0; row < labels.length; row++) {
    if (labels[row] === 1) positives[p++] = scores[row] as number;
    else negatives[n++] = scores[row] as number;
  }
  positives.sort();
  negatives.sort();
  return { positives, negatives, valid: !Number.isNaN(positives.at(-1)) && !Number.isNaN(negatives.at(-1)) };
}

/** Visits the distinct scores from the highest down. The step is one object, reused: copy what you keep. */
export function forEachScore({ positives, negatives }: RankedScores, visit: (step: ScoreStep) => void): void {
  const step: ScoreStep = { score: 0, positivesHere: 0, negativesHere: 0, positivesAbove: 0, negativesAbove: 0 };
  let p = positives.length - 1;
  let n = negatives.length - 1;
  while (p >= 0 || n >= 0) {
    const score =
      n < 0 || (p >= 0 && (positives[p] as number) > (negatives[n] as number)) ? positives[p] : negatives[n];
    step.score = score as number;
    step.positivesHere = 0;
    step.negativesHere = 0;
    for (; p >= 0 && positives[p] === score; p--) step.positivesHere++;
    for (; n >= 0 && negatives[n] === score; n--) step.negativesHere++;
    step.positivesAbove += step.positivesHere;
    step.negativesAbove += step.negativesHere;
    visit(step);
  }
}

/**
 * Area under the ROC curve: the chance that a positive scores above a negative, a tie counting half.
 *
 * Range: 0 … 1, ½ for a score that says nothing. NaN with one class only or a NaN score.
 * Source: Mann & Whitney's U; sklearn.metrics.roc_auc_score.
 */
export function rocAuc(ranked: RankedScores): number {
  const positives = ranked.positives.length;
  const negatives = ranked.negatives.length;
  if (!ranked.valid || positives === 0 || negatives === 0) return Number.NaN;
  let wins = 0;
  forEachScore(ranked, (step) => {
    wins += step.positivesHere * (negatives - step.negativesAbove + step.negativesHere / 2);
  });
  return wins / (positives * negatives);
}

/**
 * Average precision: Σ (recall gained at a score) × (precision at that score), tied rows as one step, no
 * interpolation.
 *
 * Range: 0 … 1, the share of positives for a score that says nothing. NaN without positives or with a NaN score.
 * Source: sklearn.metrics.average_precision_score.
 */
export function averagePrecision(ranked: RankedScores): number {
  const positives = ranked.positives.length;
  if (!ranked.valid || positives === 0) return Number.NaN;
  let sum = 0;
  forEachScore(ranked, (step) => {
    sum += (step.positivesHere * step.positivesAbove) / (step.positivesAbove + step.negativesAbove);
  });
  return sum / positives;
}

export interface RocPoint {
  /** Rows with this score or more are predicted positive. */
  threshold: number;
  falsePositiveRate: number;
  truePositiveRate: number;
}

/**
 * The ROC curve from (0, 0), threshold ∞, to (1, 1): one point for each distinct score, or about `points` of them
 * evenly spread over the steps when there are more. Rates 0 … 1; empty with one class only or a NaN score.
 */
export function rocCurve(ranked: RankedScores, points = Number.POSITIVE_INFINITY): RocPoint[] {
  const positives = ranked.positives.length;
  const negatives = ranked.negatives.length;
  if (!ranked.valid || positives === 0 || negatives === 0) return [];
  const curve: RocPoint[] = [{ threshold: Number.POSITIVE_INFINITY, falsePositiveRate: 0, truePositiveRate: 0 }];
  const rows = positives + negatives;
  const spacing = rows / points;
  let due = spacing;
  forEachScore(ranked, ({ score, positivesAbove, negativesAbove }) => {
    const above = positivesAbove + negativesAbove;
    if (above < due && above < rows) return;
    curve.push({
      threshold: score,
      falsePositiveRate: negativesAbove / negatives,
      truePositiveRate: positivesAbove / positives,
    });
    due = above + spacing;
  });
  return curve;
}
