import { logGamma } from "./gamma.ts";
import type { Random } from "./random.ts";

/**
 * The number of successes in `trials` independent trials that succeed with `rate` (0 … 1) each; NaN for a NaN.
 * Source: inversion while the expected number is below 10, above it BTRS of Hörmann, "The generation of binomial
 * random variates" (1993).
 */
export function drawBinomial(trials: number, rate: number, random: Random): number {
  if (Number.isNaN(trials * rate)) return Number.NaN;
  if (trials <= 0 || rate <= 0) return 0;
  if (rate >= 1) return trials;
  if (rate > 0.5) return trials - drawBinomial(trials, 1 - rate, random);
  return trials * rate < 10 ? drawByInversion(trials, rate, random) : drawByRejection(trials, rate, random);
}

/**
 * `count` of the numbers 0 … population − 1, each set and order of them equally likely; count ≤ population.
 * Source: Knuth, "The Art of Computer Programming", vol. 2, 3.4.2 (shuffling that ends early); few of many are exchanged in a
 * map, which costs as much as the numbers drawn rather than all there are.
 */
export function drawWithoutReplacement(population: number, count: number, random: Random): Uint32Array {
  const drawn = new Uint32Array(count);
  const isSparse = 8 * count < population;
  const moved = isSparse ? new Map<number, number>() : null;
  const all = isSparse ? null : new Uint32Array(population);
  if (all) for (let i = 0; i < population; i++) all[i] = i;
  for (let i = 0; i < count; i++) {
    const chosen = i + random.integer(population - i);
    if (all) {
      drawn[i] = all[chosen] as number;
      all[chosen] = all[i] as number;
    } else {
      drawn[i] = moved?.get(chosen) ?? chosen;
      moved?.set(chosen, moved.get(i) ?? i);
    }
  }
  return drawn;
}

/** How `rows` rows fall into bins of the given probabilities (they sum to 1): conditional binomials, bin by bin. */
export function drawMultinomial(rows: number, probabilities: ArrayLike<number>, random: Random): Float64Array {
  const counts = new Float64Array(probabilities.length);
  let rowsLeft = rows;
  let probabilityLeft = 1;
  for (let bin = 0; bin < counts.length && rowsLeft > 0; bin++) {
    const probability = probabilities[bin] as number;
    if (probability <= 0) continue;
    const drawn = drawBinomial(rowsLeft, Math.min(1, probability / probabilityLeft), random);
    counts[bin] = drawn;
    rowsLeft -= drawn;
    probabilityLeft -= probability;
  }
  return counts;
}

function drawByInversion(trials: number, rate: number, random: Random): number {
  const odds = rate / (1 - rate);
  for (;;) {
    let probability = Math.exp(trials * Math.log1p(-rate));
    let left = random.uniform();
    for (let successes = 0; successes <= trials; successes++) {
      if (left < probability) return successes;
      left -= probability;
      probability *= (odds * (trials - successes)) / (successes + 1);
      if (probability === 0) break;
    }
  }
}

function drawByRejection(trials: number, rate: number, random: Random): number {
  const spread = Math.sqrt(trials * rate * (1 - rate));
  const b = 1.15 + 2.53 * spread;
  const a = -0.0873 + 0.0248 * b + 0.01 * rate;
  const center = trials * rate + 0.5;
  const alpha = (2.83 + 5.1 / b) * spread;
  const squeeze = 0.92 - 4.2 / b;
  const logOdds = Math.log(rate / (1 - rate));
  const mode = Math.floor((trials + 1) * rate);
  const peak = logGamma(mode + 1) + logGamma(trials - mode + 1);
  for (;;) {
    const u = random.uniform() - 0.5;
    const v = random.uniform();
    const us = 0.5 - Math.abs(u);
    const drawn = Math.floor(((2 * a) / us + b) * u + center);
    if (us >= 0.07 && v <= squeeze) return drawn;
    if (drawn < 0 || drawn > trials) continue;
    const bound = peak - logGamma(drawn + 1) - logGamma(trials - drawn + 1) + (drawn - mode) * logOdds;
    if (Math.log((v * alpha) / (a / (us * us) + b)) <= bound) return drawn;
  }
}
