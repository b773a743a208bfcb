import { expect, test } from "bun:test";
import fc from "fast-check";
import { createRandom } from "./random.ts";
import { drawWithoutReplacement } from "./sampling.ts";

test("numbers drawn without replacement are of the population and differ", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 500 }), fc.nat(), fc.nat(), (population, share, seed) => {
      const count = population === 0 ? 0 : share % (population + 1);
      const drawn = drawWithoutReplacement(population, count, createRandom(seed));
      expect(drawn.length).toBe(count);
      expect(new Set(drawn).size).toBe(count);
      for (const number of drawn) expect(number).toBeLessThan(population);
    }),
  );
});

// Below an eighth of the population they are drawn in another way than above.
test.each([
  ["few", 40, 3],
  ["many", 6, 3],
])("%s: each number is as likely as another at each place", (_, population, count) => {
  const draws = 40_000;
  const random = createRandom(11);
  const found = Array.from({ length: count }, () => new Float64Array(population));
  for (let draw = 0; draw < draws; draw++)
    drawWithoutReplacement(population, count, random).forEach((number, place) => {
      const counts = found[place] as Float64Array;
      counts[number] = (counts[number] as number) + 1;
    });
  const expected = draws / population;
  // Five standard deviations: 1 in 10,000 for all of them together.
  for (const counts of found)
    for (const seen of counts) expect(Math.abs(seen - expected)).toBeLessThan(5 * Math.sqrt(expected));
});
