import { expect, test } from "bun:test";
import { chiSquareSurvival, kolmogorovSurvival, normalCdf } from "./distributions.ts";
import { createRandom } from "./random.ts";

test("the same seed gives the same stream, another seed another one", () => {
  const take = (seed: number) => Array.from({ length: 8 }, createRandom(seed).uniform);
  expect(take(42)).toEqual(take(42));
  const first = [0, 1, -1, 2, 2 ** 32, 2 ** 32 + 1, -(2 ** 32), 2 ** 52].map((seed) => take(seed).join());
  expect(new Set(first).size).toBe(first.length);
});

test("the stream is pinned, so that models and scenarios can be made again", () => {
  const random = createRandom(1);
  expect([random.uniform(), random.integer(1000), random.normal()]).toMatchInlineSnapshot(`
    [
      0.6458721184761099,
      223,
      0.2697220084738315,
    ]
  `);
});

test("uniform numbers fill [0, 1) evenly and neighbours are independent", () => {
  const random = createRandom(3);
  const cells = new Float64Array(400);
  let outside = 0;
  let before = random.uniform();
  for (let draw = 0; draw < 200_000; draw++) {
    const now = random.uniform();
    if (!(now >= 0 && now < 1)) outside++;
    const cell = Math.floor(before * 20) * 20 + Math.floor(now * 20);
    cells[cell] = (cells[cell] as number) + 1;
    before = now;
  }
  expect(outside).toBe(0);
  expect(chiSquareSurvival(pearson(cells, 500), 399)).toBeGreaterThan(1e-4);
});

test("integers below a bound are all equally likely", () => {
  const random = createRandom(4);
  const counts = new Float64Array(7);
  for (let draw = 0; draw < 70_000; draw++) {
    const drawn = random.integer(7);
    counts[drawn] = (counts[drawn] as number) + 1;
  }
  expect(chiSquareSurvival(pearson(counts, 10_000), 6)).toBeGreaterThan(1e-4);
  expect(random.integer(1)).toBe(0);
  const third = 2 ** 30;
  const low = Array.from({ length: 10_000 }, () => random.integer(3 * third)).filter((drawn) => drawn < third).length;
  expect(low / 10_000).toBeCloseTo(1 / 3, 1.5);
});

test("normal numbers follow the normal distribution", () => {
  const random = createRandom(5);
  const draws = Float64Array.from({ length: 100_000 }, random.normal).sort();
  let gap = 0;
  draws.forEach((z, rank) => {
    if (rank % 97 === 0) gap = Math.max(gap, Math.abs(normalCdf(z) - rank / draws.length));
  });
  expect(kolmogorovSurvival(gap * Math.sqrt(draws.length))).toBeGreaterThan(1e-4);
});

test("every order of a shuffle is equally likely", () => {
  const random = createRandom(6);
  const orders = new Map<string, number>();
  for (let draw = 0; draw < 24_000; draw++) {
    const order = random.shuffle(["a", "b", "c", "d"]).join("");
    orders.set(order, (orders.get(order) ?? 0) + 1);
  }
  expect(orders.size).toBe(24);
  expect(chiSquareSurvival(pearson([...orders.values()], 1000), 23)).toBeGreaterThan(1e-4);
});

test("a split generator goes its own way and leaves its parent reproducible", () => {
  const parent = createRandom(9);
  const child = parent.split();
  const twin = createRandom(9);
  const childTwin = twin.split();
  expect([child.uniform(), parent.uniform()]).toEqual([childTwin.uniform(), twin.uniform()]);
  expect(child.uniform()).not.toBe(parent.uniform());
});

function pearson(counts: Iterable<number>, expected: number): number {
  let statistic = 0;
  for (const count of counts) statistic += (count - expected) ** 2 / expected;
  return statistic;
}
