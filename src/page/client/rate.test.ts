import { expect, test } from "bun:test";
import { createRate } from "./rate.ts";

test("the rate is that of the last half minute, unknown before there are two moments, and survives a restart", () => {
  const rate = createRate();
  expect(rate.add({ at: 0, answered: 1000 })).toBeNull();
  expect(rate.add({ at: 1000, answered: 1020 })).toBeNull();
  expect(rate.add({ at: 5000, answered: 1100 })).toBe(20);
  for (let second = 10; second <= 60; second += 5) rate.add({ at: 1000 * second, answered: 1100 });
  expect(rate.add({ at: 65_000, answered: 1100 })).toBe(0);
  expect(rate.add({ at: 70_000, answered: 0 })).toBe(0);
  expect(rate.add({ at: 75_000, answered: 500 })).toBe(100);
});
