/** Rows in each bin. The two vectors of a distance have the same bins in the same order. */
export type Counts = ArrayLike<number>;

/** Rows added to every bin of both vectors before PSI takes shares (Laplace smoothing with Jeffreys' half row). */
export const psiSmoothing = 0.5;

/**
 * Population stability index, Σ (w − r) ln(w / r), natural logarithm, over shares r of the reference and w of the
 * window, each smoothed as (count + ½) / (rows + ½ · bins), so that an empty bin is finite.
 * Bins empty on both sides are left out.
 *
 * Range: 0 … ∞, 0 when the counts are equal (equal shares of different numbers of rows leave a small remainder of the
 * smoothing); symmetric. NaN when a side has no rows.
 * Source: Kullback & Leibler's divergence J (1951); Yurdakul & Naranjo, "Statistical properties of the population
 * stability index" (2020) for its distribution, see null-distribution.ts.
 */
export function populationStabilityIndex(reference: Counts, window: Counts): number {
  const referenceRows = total(reference);
  const windowRows = total(window);
  if (!comparable(reference, window, referenceRows, windowRows)) return Number.NaN;
  const bins = occupiedBins(reference, window);
  let index = 0;
  for (let bin = 0; bin < reference.length; bin++) {
    const before = reference[bin] as number;
    const now = window[bin] as number;
    if (before === 0 && now === 0) continue;
    const r = (before + psiSmoothing) / (referenceRows + psiSmoothing * bins);
    const w = (now + psiSmoothing) / (windowRows + psiSmoothing * bins);
    index += (w - r) * Math.log(w / r);
  }
  return index;
}

/**
 * Jensen–Shannon distance: the square root of the Jensen–Shannon divergence in bits. A metric.
 *
 * Range: 0 (same shares) … 1 (no bin in common); symmetric. NaN when a side has no rows.
 * Source: Endres & Schindelin (2003); scipy.spatial.distance.jensenshannon with base 2.
 */
export function jensenShannonDistance(reference: Counts, window: Counts): number {
  const divergence = sumOverShares(reference, window, (r, w) => {
    const middle = (r + w) / 2;
    return (entropyTerm(r, middle) + entropyTerm(w, middle)) / 2;
  });
  return Math.min(1, Math.sqrt(Math.max(0, divergence)));
}

/**
 * Hellinger distance, √(½ Σ (√r − √w)²). A metric.
 *
 * Range: 0 (same shares) … 1 (no bin in common); symmetric. NaN when a side has no rows.
 * Source: Hellinger (1909); Le Cam & Yang, "Asymptotics in statistics" (2000).
 */
export function hellingerDistance(reference: Counts, window: Counts): number {
  return Math.min(1, Math.sqrt(sumOverShares(reference, window, (r, w) => (Math.sqrt(r) - Math.sqrt(w)) ** 2) / 2));
}

/**
 * L-infinity distance: the largest change of the share of any one bin.
 *
 * Range: 0 … 1; symmetric. NaN when a side has no rows.
 * Source: Chebyshev's distance of the shares; NannyML's l_infinity.
 */
export function lInfinityDistance(reference: Counts, window: Counts): number {
  let largest = 0;
  const sum = sumOverShares(reference, window, (r, w) => {
    largest = Math.max(largest, Math.abs(r - w));
    return 0;
  });
  return sum + largest;
}

/** Number of rows in a count vector. */
export function total(counts: Counts): number {
  let sum = 0;
  for (let bin = 0; bin < counts.length; bin++) sum += counts[bin] as number;
  return sum;
}

/** Number of bins that hold a row of either vector. */
export function occupiedBins(reference: Counts, window: Counts): number {
  let occupied = 0;
  for (let bin = 0; bin < reference.length; bin++) {
    if ((reference[bin] as number) > 0 || (window[bin] as number) > 0) occupied++;
  }
  return occupied;
}

/** @throws RangeError when the vectors have different numbers of bins: a defect of the caller. */
export function comparable(reference: Counts, window: Counts, referenceRows: number, windowRows: number): boolean {
  if (reference.length !== window.length) {
    throw new RangeError(`reference has ${reference.length} bins, window has ${window.length}`);
  }
  return referenceRows > 0 && windowRows > 0;
}

function entropyTerm(share: number, middle: number): number {
  return share > 0 ? share * Math.log2(share / middle) : 0;
}

function sumOverShares(reference: Counts, window: Counts, term: (r: number, w: number) => number): number {
  const referenceRows = total(reference);
  const windowRows = total(window);
  if (!comparable(reference, window, referenceRows, windowRows)) return Number.NaN;
  let sum = 0;
  for (let bin = 0; bin < reference.length; bin++) {
    sum += term((reference[bin] as number) / referenceRows, (window[bin] as number) / windowRows);
  }
  return sum;
}
