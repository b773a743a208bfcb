import { forEachScore, rankScores } from "./ranking.ts";

/**
 * The decision threshold with the highest F1 on these rows: halfway between the lowest probability that it calls
 * positive and the next one below (or that lowest probability itself when there is none below), so that rounding of
 * a probability does not change its class. Of equal F1 the highest threshold.
 *
 * Range: that of the probabilities. NaN without positives or with a NaN probability.
 * Source: Lipton, Elkan & Naryanaswamy, "Optimal thresholding of classifiers to maximize F1 measure" (2014).
 *
 * @throws RangeError when the vectors differ in length: a defect of the caller.
 */
export function thresholdMaximisingF1(probabilities: Float64Array, labels: Uint8Array): number {
  const ranked = rankScores(probabilities, labels);
  const positives = ranked.positives.length;
  if (!ranked.valid || positives === 0) return Number.NaN;
  let bestF1 = -1;
  let threshold = Number.NaN;
  let lowestIncluded = Number.NaN;
  forEachScore(ranked, ({ score, positivesAbove, negativesAbove }) => {
    if (!Number.isNaN(lowestIncluded)) {
      threshold = above(score, lowestIncluded);
      lowestIncluded = Number.NaN;
    }
    const f1 = (2 * positivesAbove) / (positivesAbove + negativesAbove + positives);
    if (f1 > bestF1) {
      bestF1 = f1;
      lowestIncluded = score;
    }
  });
  return Number.isNaN(lowestIncluded) ? threshold : lowestIncluded;
}

function above(lower: number, upper: number): number {
  const middle = lower + (upper - lower) / 2;
  return middle > lower ? middle : upper;
}
