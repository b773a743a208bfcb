import { type Counts, comparable, total } from "./distance.ts";
import { kolmogorovSurvival } from "./distributions.ts";

export interface KolmogorovSmirnovTest {
  /** Largest vertical distance between the two distribution functions, 0 … 1. */
  statistic: number;
  /** Asymptotic chance of a distance this large or larger under one continuous distribution, 0 … 1. */
  pValue: number;
}

const unknown: KolmogorovSmirnovTest = { statistic: Number.NaN, pValue: Number.NaN };

/**
 * Two-sample Kolmogorov–Smirnov test from counts in ordered bins. The statistic is a lower bound of the one from the
 * values themselves (equal when the edges separate every value), so the p-value is conservative: true false alarms
 * are rarer than it says.
 *
 * Range: see {@link KolmogorovSmirnovTest}; symmetric. NaN when a side has no rows.
 * Source: Smirnov (1939); scipy.stats.ks_2samp of the bins' numbers.
 */
export function kolmogorovSmirnovFromBins(reference: Counts, window: Counts): KolmogorovSmirnovTest {
  const referenceRows = total(reference);
  const windowRows = total(window);
  if (!comparable(reference, window, referenceRows, windowRows)) return unknown;
  let below = 0;
  let windowBelow = 0;
  let statistic = 0;
  for (let bin = 0; bin < reference.length; bin++) {
    below += reference[bin] as number;
    windowBelow += window[bin] as number;
    statistic = Math.max(statistic, Math.abs(below / referenceRows - windowBelow / windowRows));
  }
  return { statistic, pValue: asymptoticPValue(statistic, referenceRows, windowRows) };
}

/**
 * Two-sample Kolmogorov–Smirnov test from the values, each sample sorted ascending. The statistic is exact, ties
 * included. The p-value is Kolmogorov's limit at D √(nm / (n + m)); against the exact one without ties it is 1.03 times
 * as large at 1e-3 for 2,000 rows against 20,000, at most 1.1 times for about 1,000 a side and 1.6 for about 100, where
 * never smaller by more than 0.5 %. Ties make it more conservative.
 *
 * Range: see {@link KolmogorovSmirnovTest}; symmetric. NaN when a sample is empty or holds a NaN.
 * Source: Smirnov (1939); statistic of scipy.stats.ks_2samp, scipy.special.kolmogorov.
 */
export function kolmogorovSmirnov(reference: ArrayLike<number>, window: ArrayLike<number>): KolmogorovSmirnovTest {
  const n = reference.length;
  const m = window.length;
  if (n === 0 || m === 0 || Number.isNaN(reference[n - 1]) || Number.isNaN(window[m - 1])) return unknown;
  let i = 0;
  let j = 0;
  let statistic = 0;
  while (i < n && j < m) {
    const value = Math.min(reference[i] as number, window[j] as number);
    while (i < n && reference[i] === value) i++;
    while (j < m && window[j] === value) j++;
    statistic = Math.max(statistic, Math.abs(i / n - j / m));
  }
  return { statistic, pValue: asymptoticPValue(statistic, n, m) };
}

function asymptoticPValue(statistic: number, n: number, m: number): number {
  return kolmogorovSurvival(statistic * Math.sqrt((n * m) / (n + m)));
}
