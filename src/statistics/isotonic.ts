import { requireSameLength } from "./confusion.ts";

/** A non-decreasing, piecewise linear map from score to probability: knots with ascending scores. */
export interface IsotonicCalibration {
  scores: Float64Array;
  probabilities: Float64Array;
}

/**
 * Isotonic regression: the non-decreasing map from score to probability with the least (weighted) squared error
 * against the labels. Tied scores are averaged first; inner knots of a flat stretch are left out.
 *
 * Range: probabilities 0 … 1. No knots without rows of positive weight or with a NaN score.
 * Source: pool adjacent violators, Ayer et al. (1955); sklearn.isotonic.IsotonicRegression.
 *
 * @throws RangeError when the vectors differ in length: a defect of the caller.
 */
export function fitIsotonic(
  scores: Float64Array,
  labels: Uint8Array,
  weights?: ArrayLike<number>,
): IsotonicCalibration {
  requireSameLength(scores, labels);
  if (weights) requireSameLength(weights, labels);
  const order = Uint32Array.from(scores.keys()).sort((a, b) => (scores[a] as number) - (scores[b] as number));
  const blocks: Block[] = [];
  for (const row of order) {
    const score = scores[row] as number;
    const weight = weights?.[row] ?? 1;
    if (Number.isNaN(score)) return { scores: new Float64Array(), probabilities: new Float64Array() };
    if (weight <= 0) continue;
    const last = blocks.at(-1);
    if (last?.high === score) {
      last.sum += weight * (labels[row] as number);
      last.weight += weight;
      continue;
    }
    pool(blocks);
    blocks.push({ low: score, high: score, sum: weight * (labels[row] as number), weight });
  }
  pool(blocks);
  const knots = blocks.flatMap(({ low, high, sum, weight }) =>
    low === high
      ? [[low, sum / weight]]
      : [
          [low, sum / weight],
          [high, sum / weight],
        ],
  );
  return {
    scores: Float64Array.from(knots, (knot) => knot[0] as number),
    probabilities: Float64Array.from(knots, (knot) => knot[1] as number),
  };
}

/** The probability of a score: linear between knots, constant outside them; NaN without knots or for NaN. */
export function isotonicProbability({ scores, probabilities }: IsotonicCalibration, score: number): number {
  if (scores.length === 0 || Number.isNaN(score)) return Number.NaN;
  let low = 0;
  let high = scores.length - 1;
  if (score <= (scores[low] as number)) return probabilities[low] as number;
  if (score >= (scores[high] as number)) return probabilities[high] as number;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((scores[middle] as number) <= score) low = middle;
    else high = middle;
  }
  const from = scores[low] as number;
  const share = (score - from) / ((scores[high] as number) - from);
  return (probabilities[low] as number) + share * ((probabilities[high] as number) - (probabilities[low] as number));
}

interface Block {
  low: number;
  high: number;
  sum: number;
  weight: number;
}

function pool(blocks: Block[]): void {
  for (;;) {
    const last = blocks.at(-1);
    const before = blocks.at(-2);
    if (!last || !before || before.sum * last.weight < last.sum * before.weight) return;
    blocks.pop();
    before.high = last.high;
    before.sum += last.sum;
    before.weight += last.weight;
  }
}
