export interface SplitOptions {
  /** L2 penalty and least sum of hessians of a leaf, in quanta. */
  penalty: number;
  least: number;
}

/**
 * The best way to part a leaf by one feature, as numbers at fixed places of a shared array: rows whose bin is ≤ `bin` go
 * left, missing ones when `missingLeft` is 1. Sums are in quanta; a score of −1 says that there is no split.
 */
export const candidate = {
  score: 0,
  bin: 1,
  missingLeft: 2,
  leftGradient: 3,
  leftHessian: 4,
  gradient: 5,
  hessian: 6,
  size: 7,
} as const;

/**
 * Finds the split of a leaf by one feature with the largest score Σ G² / (H + λ) over the children, missing tried on either
 * side. Of equal splits the first by bin is taken.
 * Source: Chen & Guestrin, "XGBoost" (2016), eq. 7 and algorithm 3.
 * @param offset where the feature's bins begin in the histogram; the last of its `bins` is the one for missing
 * @param out written at `place`, as `candidate` says
 */
export function findSplit(
  histogram: Float64Array,
  offset: number,
  bins: number,
  { penalty, least }: SplitOptions,
  out: Float64Array,
  place: number,
): void {
  let allGradient = 0;
  let allHessian = 0;
  for (let at = offset; at < offset + 2 * bins; at += 2) {
    allGradient += histogram[at] as number;
    allHessian += histogram[at + 1] as number;
  }
  const missing = bins - 1;
  const missingGradient = histogram[offset + 2 * missing] as number;
  const missingHessian = histogram[offset + 2 * missing + 1] as number;
  const hasMissing = missingHessian > 0;
  let bestScore = -1;
  let bestBin = 0;
  let bestSide = 0;
  let bestGradient = 0;
  let bestHessian = 0;
  let gradient = 0;
  let hessian = 0;
  // The last interval as the end of the left side parts missing from everything else.
  const end = hasMissing ? missing : missing - 1;
  for (let bin = 0; bin < end; bin++) {
    gradient += histogram[offset + 2 * bin] as number;
    hessian += histogram[offset + 2 * bin + 1] as number;
    const sides = hasMissing && bin < missing - 1 ? 2 : 1;
    for (let side = 0; side < sides; side++) {
      const leftGradient = gradient + side * missingGradient;
      const leftHessian = hessian + side * missingHessian;
      const rightHessian = allHessian - leftHessian;
      if (leftHessian < least || rightHessian < least || leftHessian <= 0 || rightHessian <= 0) continue;
      const rightGradient = allGradient - leftGradient;
      const score =
        (leftGradient * leftGradient) / (leftHessian + penalty) +
        (rightGradient * rightGradient) / (rightHessian + penalty);
      if (score <= bestScore) continue;
      bestScore = score;
      bestBin = bin;
      bestSide = side;
      bestGradient = leftGradient;
      bestHessian = leftHessian;
    }
  }
  out[place + candidate.score] = bestScore;
  out[place + candidate.bin] = bestBin;
  // Where training saw nothing missing, a missing value follows the larger side.
  out[place + candidate.missingLeft] = hasMissing ? bestSide : 2 * bestHessian >= allHessian ? 1 : 0;
  out[place + candidate.leftGradient] = bestGradient;
  out[place + candidate.leftHessian] = bestHessian;
  out[place + candidate.gradient] = allGradient;
  out[place + candidate.hessian] = allHessian;
}
