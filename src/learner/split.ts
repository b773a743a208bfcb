import { type BinnedFeature, missingCode } from "./binning.ts";
import { gradientScale, type Histogram } from "./histogram.ts";

/** Sums of gradient and hessian over a leaf, in units of 1 / gradientScale. */
export interface LeafSums {
  gradient: number;
  hessian: number;
}

/** The best way to part a leaf: rows whose bin is ≤ `bin` go left, missing ones as `missingLeft` says. */
export interface Split {
  feature: number;
  bin: number;
  missingLeft: boolean;
  gain: number;
  left: LeafSums;
}

export interface SplitOptions {
  lambda: number;
  minChildWeight: number;
}

const leastGain = 1e-9;

/**
 * Finds the split of a leaf with the largest reduction of the loss, Σ G² / (H + λ) over the children less that of the leaf,
 * trying missing on either side. Of equal splits the first by feature and bin is taken.
 * Source: Chen & Guestrin, "XGBoost" (2016), eq. 7 and algorithm 3.
 * @returns null when no split leaves `minChildWeight` on both sides and gains anything.
 */
export function findSplit(
  histogram: Histogram,
  features: readonly BinnedFeature[],
  used: readonly number[],
  offsets: Int32Array,
  total: LeafSums,
  { lambda, minChildWeight }: SplitOptions,
): Split | null {
  const penalty = lambda * gradientScale;
  const least = minChildWeight * gradientScale;
  const base = (total.gradient * total.gradient) / (total.hessian + penalty);
  let best: Split | null = null;
  let bestScore = base + leastGain * gradientScale;

  for (const f of used) {
    const feature = features[f] as BinnedFeature;
    const offset = 2 * (offsets[f] as number);
    const missing = missingCode(feature);
    const missingGradient = histogram[offset + 2 * missing] as number;
    const missingHessian = histogram[offset + 2 * missing + 1] as number;
    const hasMissing = missingHessian > 0;
    let gradient = 0;
    let hessian = 0;
    // The last interval as the end of the left side parts missing from everything else.
    const end = hasMissing ? missing : missing - 1;
    for (let bin = 0; bin < end; bin++) {
      gradient += histogram[offset + 2 * bin] as number;
      hessian += histogram[offset + 2 * bin + 1] as number;
      for (let side = 0; side <= (hasMissing && bin < missing - 1 ? 1 : 0); side++) {
        const leftGradient = gradient + side * missingGradient;
        const leftHessian = hessian + side * missingHessian;
        const rightHessian = total.hessian - leftHessian;
        if (leftHessian < least || rightHessian < least || leftHessian <= 0 || rightHessian <= 0) continue;
        const rightGradient = total.gradient - leftGradient;
        const score =
          (leftGradient * leftGradient) / (leftHessian + penalty) +
          (rightGradient * rightGradient) / (rightHessian + penalty);
        if (score <= bestScore) continue;
        bestScore = score;
        // Where training saw nothing missing, a missing value follows the larger side.
        const missingLeft = hasMissing ? side === 1 : leftHessian >= rightHessian;
        best = {
          feature: f,
          bin,
          missingLeft,
          gain: (score - base) / gradientScale,
          left: { gradient: leftGradient, hessian: leftHessian },
        };
      }
    }
  }
  return best;
}
