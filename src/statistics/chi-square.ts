import { type Counts, comparable, total } from "./distance.ts";
import { chiSquareSurvival } from "./distributions.ts";

export interface ChiSquareTest {
  /** Pearson's statistic, 0 … ∞. */
  statistic: number;
  /** Bins that hold a row, less one. */
  degreesOfFreedom: number;
  /** Chance of a statistic this large or larger when both come from one distribution, 0 … 1. */
  pValue: number;
}

/**
 * Pearson's two-sample test of homogeneity: do reference and window come from one distribution over the bins?
 * Bins empty on both sides are left out. No continuity correction. The p-value is asymptotic: trust it where nearly
 * all expected counts are 5 or more (Cochran's rule), and a null distribution by simulation where they are not.
 *
 * Range: see {@link ChiSquareTest}; symmetric. All NaN when a side has no rows; p-value 1 when one bin holds all.
 * Source: Pearson (1900); scipy.stats.chi2_contingency with correction=False.
 */
export function chiSquareTest(reference: Counts, window: Counts): ChiSquareTest {
  const referenceRows = total(reference);
  const windowRows = total(window);
  if (!comparable(reference, window, referenceRows, windowRows)) {
    return { statistic: Number.NaN, degreesOfFreedom: Number.NaN, pValue: Number.NaN };
  }
  const rows = referenceRows + windowRows;
  let statistic = 0;
  let degreesOfFreedom = -1;
  for (let bin = 0; bin < reference.length; bin++) {
    const before = reference[bin] as number;
    const pooled = before + (window[bin] as number);
    if (pooled === 0) continue;
    degreesOfFreedom++;
    const surplus = before - (pooled * referenceRows) / rows;
    statistic += (surplus * surplus * rows * rows) / (pooled * referenceRows * windowRows);
  }
  return {
    statistic,
    degreesOfFreedom,
    pValue: degreesOfFreedom === 0 ? 1 : chiSquareSurvival(statistic, degreesOfFreedom),
  };
}
