import { expect, test } from "bun:test";
import { nullFromDraws, nullThreshold } from "../statistics/null-distribution.ts";
import { createRandom } from "../statistics/random.ts";
import { attributionLaw } from "./attribution.ts";

const [rows, referenceRows, references, windows] = [500, 2000, 2000, 10];

/** How often the mean of a window exceeds the threshold at `rate` that its reference gives, both drawn afresh. */
function exceeded(values: Float64Array, rate: number): number {
  const random = createRandom(7);
  const draw = () => values[random.integer(values.length)] as number;
  let beyond = 0;
  for (let reference = 0; reference < references; reference++) {
    const usual = nullFromDraws(Float64Array.from({ length: referenceRows }, draw));
    const threshold = nullThreshold(attributionLaw(usual, rows, referenceRows), rate);
    for (let window = 0; window < windows; window++) {
      let sum = 0;
      for (let row = 0; row < rows; row++) sum += draw();
      if (sum / rows > threshold) beyond++;
    }
  }
  return beyond / (references * windows);
}

test.each([
  ["even", (uniform: number) => uniform],
  ["exponential", (uniform: number) => -Math.log(1 - uniform)],
  ["rare and large", (uniform: number) => (1 - uniform) ** -0.3 - 1],
])(
  "means of %s values exceed the threshold as often as stated, though the reference errs too",
  (_, of) => {
    const random = createRandom(3);
    const values = Float64Array.from({ length: 50_000 }, () => of(random.uniform()));
    // 0.016 for the last ones with a law that takes what the reference shows for what is.
    expect(exceeded(values, 0.01)).toBeWithin(0.006, 0.014);
  },
  60_000,
);
