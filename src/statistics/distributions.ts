import { gammaLower, gammaUpper, logGamma } from "./gamma.ts";

/** P(Z ≤ z) for a standard normal Z, 0 … 1, accurate in both tails. */
export function normalCdf(z: number): number {
  const half = 0.5 * gammaUpper(0.5, (z * z) / 2);
  return z > 0 ? 1 - half : half;
}

/** P(|Z| > |z|) for a standard normal Z: the two-sided p-value of a z statistic. */
export function normalTwoSided(z: number): number {
  return gammaUpper(0.5, (z * z) / 2);
}

/**
 * The z with P(Z ≤ z) = probability; −∞ at 0, ∞ at 1, NaN outside 0 … 1. Relative error below 1e-12.
 * Source: Halley's iteration on normalCdf, started from Abramowitz & Stegun 26.2.23.
 */
export function normalQuantile(probability: number): number {
  if (!(probability >= 0 && probability <= 1)) return Number.NaN;
  if (probability > 0.5) return -normalQuantile(1 - probability);
  if (probability === 0) return Number.NEGATIVE_INFINITY;
  if (probability === 0.5) return 0;
  const t = Math.sqrt(-2 * Math.log(probability));
  let z = (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))) - t;
  for (let pass = 0; pass < 3; pass++) {
    const step = (normalCdf(z) - probability) * Math.sqrt(2 * Math.PI) * Math.exp((z * z) / 2);
    z -= step / (1 + (z * step) / 2);
  }
  return z;
}

/** P(X ≤ x) for X chi-square distributed with `degrees` > 0 degrees of freedom, 0 … 1. */
export function chiSquareCdf(x: number, degrees: number): number {
  return gammaLower(degrees / 2, Math.max(0, x) / 2);
}

/** P(X > x) for X chi-square distributed with `degrees` > 0 degrees of freedom, 0 … 1, accurate in the far tail. */
export function chiSquareSurvival(x: number, degrees: number): number {
  return gammaUpper(degrees / 2, Math.max(0, x) / 2);
}

/** The x with P(X ≤ x) = probability, 0 … ∞. For far upper tails use {@link chiSquareUpperQuantile}. */
export function chiSquareQuantile(probability: number, degrees: number): number {
  return 2 * gammaQuantile(probability, degrees / 2, gammaLower, 1);
}

/** The x that chance exceeds with probability `tail`, 0 … ∞; exact for tails as small as 1e-300. */
export function chiSquareUpperQuantile(tail: number, degrees: number): number {
  return 2 * gammaQuantile(tail, degrees / 2, gammaUpper, -1);
}

/** In units of ln x: far from the root the slope is too flat to be followed. */
const longestStep = 1;

/**
 * Newton's iteration on the logarithms of x and of the probability, kept inside a bracket that every evaluation narrows.
 * `direction` is the sign of the slope of `cumulative`.
 */
function gammaQuantile(
  probability: number,
  shape: number,
  cumulative: (shape: number, x: number) => number,
  direction: 1 | -1,
): number {
  if (!(probability >= 0 && probability <= 1) || !(shape > 0)) return Number.NaN;
  if (probability === 0 || probability === 1)
    return probability === (direction > 0 ? 0 : 1) ? 0 : Number.POSITIVE_INFINITY;
  const normal = direction * normalQuantile(probability);
  const cube = 1 - 1 / (9 * shape) + normal / (3 * Math.sqrt(shape));
  const below = direction > 0 ? probability : 1 - probability;
  let x = cube > 0.1 ? shape * cube ** 3 : Math.exp((Math.log(below) + logGamma(shape + 1)) / shape);
  if (x === 0) return 0;
  let low = 0;
  let high = Number.POSITIVE_INFINITY;
  for (let pass = 0; pass < 200; pass++) {
    const reached = cumulative(shape, x);
    if (reached === probability) return x;
    if (reached > probability === direction > 0) high = x;
    else low = x;
    const density = Math.exp((shape - 1) * Math.log(x) - x - logGamma(shape));
    const step = (-direction * Math.log(reached / probability) * reached) / (density * x);
    let next = x * Math.exp(Math.max(-longestStep, Math.min(longestStep, step)));
    if (!(next > low && next < high)) next = high === Number.POSITIVE_INFINITY ? 2 * x : (low + high) / 2;
    if (Math.abs(next - x) <= 1e-13 * x) return next;
    x = next;
  }
  return x;
}

/**
 * P(K > x) for Kolmogorov's limiting distribution, 0 … 1.
 * Source: its alternating series above x = 1, Jacobi's transformation of it below (both converge in a few terms).
 */
export function kolmogorovSurvival(x: number): number {
  if (Number.isNaN(x)) return Number.NaN;
  if (x <= 0) return 1;
  let sum = 0;
  if (x < 1) {
    for (let term = 1; term <= 9; term += 2) sum += Math.exp((-term * term * Math.PI * Math.PI) / (8 * x * x));
    return 1 - (Math.sqrt(2 * Math.PI) / x) * sum;
  }
  for (let term = 1; term <= 9; term++) sum += (term % 2 === 1 ? 2 : -2) * Math.exp(-2 * term * term * x * x);
  return sum;
}
