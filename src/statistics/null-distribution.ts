import { type Counts, total } from "./distance.ts";
import { chiSquareSurvival, chiSquareUpperQuantile } from "./distributions.ts";
import type { Random } from "./random.ts";
import { drawMultinomial } from "./sampling.ts";

/** What a statistic does by chance alone: simulated values and the gamma law that continues their tail. */
export interface NullDistribution {
  /** Simulated values, ascending. */
  draws: Float64Array;
  mean: number;
  standardDeviation: number;
  /** Third standardised moment. */
  skewness: number;
}

/**
 * The PSI that an undisturbed window exceeds with probability `falseAlarmRate`: (1/n + 1/m) χ²(bins − 1) upper
 * quantile, for n reference rows, m window rows and `bins` occupied bins.
 *
 * Validity: false alarms come at 0.9 to 1.2 times the stated rate, down to 1e-3, while every bin expects 20 rows or
 * more in both samples. With about 10 expected they come up to 1.7 times as often at 1e-3, and with many bins that
 * expect less than 1 almost never (so drift is missed): use {@link simulateNull} there.
 * Range: 0 … ∞; NaN with fewer than two bins or no rows.
 * Source: Yurdakul & Naranjo, "Statistical properties of the population stability index" (2020).
 */
export function psiThreshold(options: {
  referenceRows: number;
  windowRows: number;
  bins: number;
  falseAlarmRate: number;
}): number {
  const { referenceRows, windowRows, bins, falseAlarmRate } = options;
  if (!(referenceRows > 0) || !(windowRows > 0)) return Number.NaN;
  return (1 / referenceRows + 1 / windowRows) * chiSquareUpperQuantile(falseAlarmRate, bins - 1);
}

/**
 * How often chance alone gives `value` or more: the inverse of {@link psiThreshold}, valid where that is.
 * Range: 0 … 1; NaN with fewer than two bins or no rows.
 * Source: as there.
 */
export function psiChance(
  value: number,
  { referenceRows, windowRows, bins }: { referenceRows: number; windowRows: number; bins: number },
): number {
  if (!(referenceRows > 0) || !(windowRows > 0)) return Number.NaN;
  return chiSquareSurvival(value / (1 / referenceRows + 1 / windowRows), bins - 1);
}

/**
 * The distribution of a distance between reference and window when nothing has changed, by simulation: reference and
 * window drawn afresh, in their sizes, from the shares of `referenceCounts`, `draws` times (parametric bootstrap).
 * Needs no large counts. Bins that the reference did not see share the probability that Good and Turing's estimate
 * gives to them: that of as many rows as there are bins with exactly one row.
 *
 * Validity: with 4,000 draws, thresholds for PSI from {@link nullThreshold} are exceeded 1.0 to 1.1 times as often as
 * stated at 1e-2 and 1.0 to 1.3 times at 1e-3, also over 140 bins of which most expect less than 2 rows (2,000 rows against
 * 20,000). Jensen–Shannon and Hellinger distances over such bins reach 1.6; the largest-gap statistics (L-infinity,
 * Kolmogorov–Smirnov) fall to 0.4 at 1e-3, on the safe side.
 * Cost: 2 × draws × bins binomial draws; 4,000 draws of 12 bins take about 16 ms. NaN moments without rows.
 * Source: Efron & Tibshirani, "An introduction to the bootstrap" (1993), ch. 6; Good (1953).
 */
export function simulateNull(options: {
  referenceCounts: Counts;
  windowRows: number;
  statistic: (reference: Counts, window: Counts) => number;
  draws: number;
  random: Random;
}): NullDistribution {
  const { referenceCounts, windowRows, statistic, random } = options;
  const draws = new Float64Array(options.draws);
  const rows = total(referenceCounts);
  const shares = sharesBehind(referenceCounts);
  for (let draw = 0; draw < draws.length; draw++) {
    draws[draw] = statistic(drawMultinomial(rows, shares, random), drawMultinomial(windowRows, shares, random));
  }
  return nullFromDraws(draws);
}

/** The null distribution from values of the statistic that were got otherwise, say from real windows. */
export function nullFromDraws(values: Float64Array): NullDistribution {
  const draws = values.slice().sort();
  const mean = total(draws) / draws.length;
  let second = 0;
  let third = 0;
  for (const value of draws) {
    second += (value - mean) ** 2;
    third += (value - mean) ** 3;
  }
  const variance = second / draws.length;
  return { draws, mean, standardDeviation: Math.sqrt(variance), skewness: third / draws.length / variance ** 1.5 };
}

/**
 * The value that the statistic exceeds by chance with probability `falseAlarmRate` (0 … 1): the quantile of the
 * draws while at least `tailDraws` of them lie beyond it, else that of the gamma law with their mean, standard
 * deviation and skewness (Pearson type III), which reaches rates that no simulation does.
 * Source: Johnson, Kotz & Balakrishnan, "Continuous univariate distributions" (1994), vol. 1, ch. 17.
 */
export function nullThreshold(distribution: NullDistribution, falseAlarmRate: number): number {
  const { draws } = distribution;
  const beyond = falseAlarmRate * draws.length;
  if (beyond >= tailDraws) return draws[Math.max(0, Math.ceil(draws.length - beyond) - 1)] ?? Number.NaN;
  const tail = gammaTail(distribution);
  return tail.shift + tail.scale * chiSquareUpperQuantile(falseAlarmRate, tail.degrees);
}

/**
 * How often chance alone gives `value` or more, 0 … 1: the inverse of {@link nullThreshold}, from the draws where
 * enough of them lie beyond, else from the gamma law.
 */
export function exceedanceProbability(distribution: NullDistribution, value: number): number {
  const { draws } = distribution;
  if (Number.isNaN(value) || Number.isNaN(distribution.mean)) return Number.NaN;
  const beyond = draws.length - firstAtLeast(draws, value);
  if (beyond >= tailDraws) return beyond / draws.length;
  const tail = gammaTail(distribution);
  const beyondGamma = tail.scale > 0 ? chiSquareSurvival((value - tail.shift) / tail.scale, tail.degrees) : 0;
  return Math.min(beyondGamma, tailDraws / draws.length);
}

/** Draws beyond a value from which their share is trusted (relative error about 10 %). */
const tailDraws = 100;
const leastSkewness = 0.01;

function gammaTail({ mean, standardDeviation, skewness }: NullDistribution): {
  degrees: number;
  scale: number;
  shift: number;
} {
  const degrees = 8 / Math.max(leastSkewness, skewness || 0) ** 2;
  const scale = standardDeviation / Math.sqrt(2 * degrees);
  return { degrees, scale, shift: mean - scale * degrees };
}

function sharesBehind(counts: Counts): Float64Array {
  const unseen = rowsBehindEmptyBins(counts);
  const shares = Float64Array.from(counts, (count) => (count > 0 ? count : unseen));
  const sum = total(shares);
  return shares.map((share) => share / sum);
}

function rowsBehindEmptyBins(counts: Counts): number {
  let empty = 0;
  let singletons = 0;
  for (let bin = 0; bin < counts.length; bin++) {
    if (counts[bin] === 0) empty++;
    if (counts[bin] === 1) singletons++;
  }
  return empty === 0 ? 0 : singletons / empty;
}

function firstAtLeast(ascending: Float64Array, value: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
