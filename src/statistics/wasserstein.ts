/**
 * Wasserstein-1 (earth mover's) distance between two samples, each sorted ascending, divided by the population
 * standard deviation of the reference: by how many standard deviations the average value moved.
 *
 * Range: 0 … ∞; unchanged when both samples are shifted or scaled. NaN when a sample is empty or holds a NaN;
 * ∞ when the reference is constant and the window is not the same constant.
 * Source: area between the distribution functions (Vallender 1974); scipy.stats.wasserstein_distance / numpy.std.
 */
export function wassersteinDistance(reference: ArrayLike<number>, window: ArrayLike<number>): number {
  const n = reference.length;
  const m = window.length;
  if (n === 0 || m === 0 || Number.isNaN(reference[n - 1]) || Number.isNaN(window[m - 1])) return Number.NaN;
  let i = 0;
  let j = 0;
  let area = 0;
  let previous = Math.min(reference[0] as number, window[0] as number);
  while (i < n || j < m) {
    const value = Math.min(i < n ? (reference[i] as number) : Infinity, j < m ? (window[j] as number) : Infinity);
    area += Math.abs(i / n - j / m) * (value - previous);
    while (i < n && reference[i] === value) i++;
    while (j < m && window[j] === value) j++;
    previous = value;
  }
  return area === 0 ? 0 : area / standardDeviation(reference);
}

function standardDeviation(values: ArrayLike<number>): number {
  let mean = 0;
  for (let row = 0; row < values.length; row++) mean += ((values[row] as number) - mean) / (row + 1);
  let squares = 0;
  for (let row = 0; row < values.length; row++) squares += ((values[row] as number) - mean) ** 2;
  return Math.sqrt(squares / values.length);
}
