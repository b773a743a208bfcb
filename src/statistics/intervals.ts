import type { Confusion } from "./confusion.ts";
import { normalQuantile } from "./distributions.ts";

export interface Interval {
  value: number;
  /** Ends of the confidence interval; they enclose the value. */
  lower: number;
  upper: number;
  /** Standard deviation of the value over samples of this size. */
  standardError: number;
}

export const confidenceLevel = 0.95;

export const undefinedInterval: Interval = {
  value: Number.NaN,
  lower: Number.NaN,
  upper: Number.NaN,
  standardError: Number.NaN,
};

/**
 * Wilson's score interval of a proportion. Counts need not be whole.
 *
 * Range: ends in 0 … 1, of positive width even at 0 and 1; NaN without trials. `level` in 0 … 1.
 * Source: Wilson (1927); statsmodels proportion_confint(method="wilson").
 */
export function wilsonInterval(successes: number, trials: number, level = confidenceLevel): Interval {
  if (!(trials > 0)) return undefinedInterval;
  const value = successes / trials;
  const square = zOf(level) ** 2;
  const center = (value + square / (2 * trials)) / (1 + square / trials);
  const half =
    Math.sqrt(square * ((value * (1 - value)) / trials + square / (4 * trials * trials))) / (1 + square / trials);
  return enclosing(value, center - half, center + half, Math.sqrt((value * (1 - value)) / trials), 0, 1);
}

/**
 * The interval of F1: Wilson's for the share of true positives among all rows that are positive by label or by
 * prediction, J, carried over by F1 = 2J / (1 + J). Standard error by the delta method.
 *
 * Range: ends in 0 … 1; NaN with no positive, actual or predicted.
 * Source: Wilson (1927) for J; F1 = 2J / (1 + J).
 */
export function f1Interval(counts: Confusion, level = confidenceLevel): Interval {
  const hits = counts.truePositives;
  const misses = counts.falsePositives + counts.falseNegatives;
  const jaccard = wilsonInterval(hits, hits + misses, level);
  const f1 = (share: number) => (2 * share) / (1 + share);
  const standardError = (2 * Math.sqrt(hits * misses * (hits + misses))) / (2 * hits + misses) ** 2;
  return enclosing((2 * hits) / (2 * hits + misses), f1(jaccard.lower), f1(jaccard.upper), standardError, 0, 1);
}

/** The normal interval value ± z · standardError, cut to `least` … `most`; NaN when either is NaN. */
export function normalInterval(
  value: number,
  standardError: number,
  { least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY, level = confidenceLevel } = {},
): Interval {
  if (Number.isNaN(value + standardError)) return { ...undefinedInterval, value };
  const half = zOf(level) * standardError;
  return enclosing(value, value - half, value + half, standardError, least, most);
}

/**
 * The interval of a value in 0 … 1 that is normal on the scale of its log-odds, by the delta method. Where the sample
 * shows no spread (value 0 or 1, or standard error 0 or NaN) it is Wilson's for `rows` trials: pass the number of
 * rows that limits what is known, the smaller class for an AUC.
 * Source: Brown, Cai & DasGupta, "Interval estimation for a binomial proportion" (2001).
 */
export function logitInterval(value: number, standardError: number, rows: number, level = confidenceLevel): Interval {
  if (Number.isNaN(value)) return undefinedInterval;
  if (!(value > 0 && value < 1 && standardError > 0))
    return { ...wilsonInterval(value * rows, rows, level), standardError };
  const logOdds = Math.log(value / (1 - value));
  const half = (zOf(level) * standardError) / (value * (1 - value));
  return enclosing(value, 1 / (1 + Math.exp(half - logOdds)), 1 / (1 + Math.exp(-half - logOdds)), standardError, 0, 1);
}

/** How many standard deviations to either side hold `level` of a normal distribution. */
export function zOf(level: number): number {
  return -normalQuantile((1 - level) / 2);
}

/** Rounding may put an end on the wrong side of the value or of its range; it never may. */
function enclosing(
  value: number,
  lower: number,
  upper: number,
  standardError: number,
  least: number,
  most: number,
): Interval {
  return {
    value,
    lower: Math.min(value, Math.max(least, lower)),
    upper: Math.max(value, Math.min(most, upper)),
    standardError,
  };
}
