/**
 * Holm's adjusted p-values: rejecting those at or below α keeps the chance of any false rejection in the family at
 * or below α, whatever the dependence between the tests. In the order of the input, 0 … 1.
 * A NaN (a test that had nothing to judge) stays NaN and does not count in the family.
 * Source: Holm (1979); statsmodels multipletests(method="holm").
 */
export function holm(pValues: ArrayLike<number>): Float64Array {
  const { order, adjusted } = ascending(pValues);
  let largest = 0;
  order.forEach((test, rank) => {
    largest = Math.max(largest, Math.min(1, (order.length - rank) * (pValues[test] as number)));
    adjusted[test] = largest;
  });
  return adjusted;
}

/**
 * The level that Holm's procedure holds each p-value against, so that the family's is `level`: level / tests for the smallest,
 * and one test less for each that was rejected before. `pValues[i] ≤ holmLevels(pValues, level)[i]` exactly where
 * `holm(pValues)[i] ≤ level`. In the order of the input; NaN where the p-value is.
 * Range: level / tests … level.
 * Source: Holm (1979).
 */
export function holmLevels(pValues: ArrayLike<number>, level: number): Float64Array {
  const { order, adjusted: levels } = ascending(pValues);
  let rejected = 0;
  order.forEach((test, rank) => {
    levels[test] = level / (order.length - rejected);
    if (rejected === rank && (pValues[test] as number) <= (levels[test] as number)) rejected++;
  });
  return levels;
}

/**
 * Benjamini–Hochberg adjusted p-values: rejecting those at or below α keeps the expected share of false ones among
 * the rejections at or below α when tests are independent or positively dependent. In the order of the input, 0 … 1.
 * A NaN stays NaN and does not count in the family.
 * Source: Benjamini & Hochberg (1995); scipy.stats.false_discovery_control.
 */
export function benjaminiHochberg(pValues: ArrayLike<number>): Float64Array {
  const { order, adjusted } = ascending(pValues);
  let smallest = 1;
  for (let rank = order.length; rank > 0; rank--) {
    const test = order[rank - 1] as number;
    smallest = Math.min(smallest, (order.length / rank) * (pValues[test] as number));
    adjusted[test] = smallest;
  }
  return adjusted;
}

function ascending(pValues: ArrayLike<number>): { order: number[]; adjusted: Float64Array } {
  const order = Array.from({ length: pValues.length }, (_, test) => test)
    .filter((test) => !Number.isNaN(pValues[test]))
    .sort((a, b) => (pValues[a] as number) - (pValues[b] as number));
  return { order, adjusted: new Float64Array(pValues.length).fill(Number.NaN) };
}
