import { logGamma } from "./gamma.ts";

const precision = 2 ** -53;
const tiny = 1e-300;

/**
 * Regularised incomplete beta function I_x(a, b), 0 … 1, for a, b > 0 and 0 ≤ x ≤ 1; NaN elsewhere.
 * Source: continued fraction DLMF 8.17.22 (Lentz), on the side of its symmetry where it converges quickly.
 */
export function regularizedBeta(x: number, a: number, b: number): number {
  if (!(a > 0) || !(b > 0) || !(x >= 0 && x <= 1)) return Number.NaN;
  if (x === 0 || x === 1) return x;
  return x <= (a + 1) / (a + b + 2) ? betaFraction(x, a, b) : 1 - betaFraction(1 - x, b, a);
}

/**
 * Probability of `successes` or more among `trials` independent trials that succeed with `rate` each, 0 … 1:
 * the exact test of a rate that must not rise.
 */
export function binomialSurvival(successes: number, trials: number, rate: number): number {
  if (!(trials >= 0) || Number.isNaN(successes) || !(rate >= 0 && rate <= 1)) return Number.NaN;
  if (successes <= 0) return 1;
  return successes > trials ? 0 : regularizedBeta(rate, successes, trials - successes + 1);
}

function betaFraction(x: number, a: number, b: number): number {
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x)) / a;
  let c = 1;
  let d = 1 / (1 - ((a + b) * x) / (a + 1) || tiny);
  let fraction = d;
  for (let m = 1; m < 10_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / (1 + even * d || tiny);
    c = 1 + even / c || tiny;
    fraction *= c * d;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / (1 + odd * d || tiny);
    c = 1 + odd / c || tiny;
    const factor = c * d;
    fraction *= factor;
    if (Math.abs(factor - 1) < 2 * precision) break;
  }
  return front * fraction;
}
