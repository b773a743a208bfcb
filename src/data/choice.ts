import type { Random } from "../statistics/random.ts";

/** Draws an index with the given weights: a binary search for each draw. */
export function createChoice(weights: readonly number[]): (random: Random) => number {
  const cumulative = new Float64Array(weights.length);
  let sum = 0;
  weights.forEach((weight, i) => {
    sum += weight;
    cumulative[i] = sum;
  });
  return (random) => {
    const position = random.uniform() * sum;
    let low = 0;
    let high = cumulative.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (position < (cumulative[middle] as number)) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}

/** Scalar product over the weights, which may be fewer than the features. */
export function weigh(weights: ArrayLike<number>, features: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < weights.length; i++) sum += (weights[i] as number) * (features[i] as number);
  return sum;
}

/** Draws an index by multinomial logistic regression: odds of each are exp(its weights × features). */
export function createLogitChoice(
  weights: readonly (readonly number[])[],
): (features: Float64Array, random: Random) => number {
  const rows = weights.map((row) => Float64Array.from(row));
  const odds = new Float64Array(rows.length);
  return (features, random) => {
    let sum = 0;
    for (let k = 0; k < rows.length; k++) {
      sum += Math.exp(weigh(rows[k] as Float64Array, features));
      odds[k] = sum;
    }
    const position = random.uniform() * sum;
    let drawn = 0;
    while (drawn < rows.length - 1 && position >= (odds[drawn] as number)) drawn++;
    return drawn;
  };
}

export const logistic = (x: number): number => 1 / (1 + Math.exp(-x));
