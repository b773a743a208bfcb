import { expect, test } from "bun:test";
import { createRate, firstRate } from "./rate.ts";

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

test("when the page is opened, the rate is that of the newest minute that is over, or that since the start", () => {
  const minutes = [0, 60_000, 120_000].map((at) => ({ at, rows: 60 + at / 1000, predicted: 0, score: [] }));
  const rateAt = (at: number) => firstRate({ at, minutes, answered: 1000, started_at: 50_000 });
  expect(rateAt(160_000)).toBe(2);
  expect(rateAt(215_000)).toBe(3);
  expect(rateAt(51_000)).toBeNull();
  expect(rateAt(100_000)).toBe(20);
  expect(rateAt(1_050_000)).toBe(1);
});
