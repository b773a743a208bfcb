import { describe, expect, test } from "bun:test";
import { populationStabilityIndex } from "./distance.ts";
import { chiSquareUpperQuantile, normalTwoSided } from "./distributions.ts";
import { expectNear } from "./golden.ts";
import {
  exceedanceProbability,
  nullFromDraws,
  nullThreshold,
  psiThreshold,
  simulateNull,
} from "./null-distribution.ts";
import { createRandom } from "./random.ts";
import { drawBinomial, drawMultinomial } from "./sampling.ts";

const referenceRows = 20_000;
const windowRows = 2000;

/** Ten quantile bins, missing, zero; and fourteen categories, each half as common as the one before. */
const quantiles = [...Array<number>(10).fill(0.05), 0.4, 0.1];
const categories = Array.from({ length: 14 }, (_, rank) => 0.5 ** (rank + 1) / (1 - 0.5 ** 14));

/** How often undisturbed windows exceed a threshold that `thresholdOf` made from their reference. */
function falseAlarms(
  shares: number[],
  thresholdOf: (reference: Float64Array) => number,
  references: number,
  windows: number,
  seed: number,
) {
  const random = createRandom(seed);
  let alarms = 0;
  for (let drawn = 0; drawn < references; drawn++) {
    const reference = drawMultinomial(referenceRows, shares, random);
    const threshold = thresholdOf(reference);
    for (let window = 0; window < windows; window++) {
      if (populationStabilityIndex(reference, drawMultinomial(windowRows, shares, random)) > threshold) alarms++;
    }
  }
  return alarms / (references * windows);
}

describe("the PSI threshold", () => {
  test.each([0.01, 0.001])(
    "from χ² gives false alarms at the stated rate of %p over quantile bins",
    (falseAlarmRate) => {
      const threshold = psiThreshold({ referenceRows, windowRows, bins: quantiles.length, falseAlarmRate });
      const rate = falseAlarms(quantiles, () => threshold, 60_000, 1, 31);
      expect(rate / falseAlarmRate).toBeGreaterThan(0.6);
      expect(rate / falseAlarmRate).toBeLessThan(1.5);
    },
  );

  test("from simulation holds where categories are too rare for χ²", () => {
    const random = createRandom(32);
    const simulated = (referenceCounts: Float64Array) =>
      nullThreshold(
        simulateNull({ referenceCounts, windowRows, statistic: populationStabilityIndex, draws: 4000, random }),
        0.01,
      );
    const rate = falseAlarms(categories, simulated, 40, 2000, 33);
    expect(rate).toBeGreaterThan(0.007);
    expect(rate).toBeLessThan(0.015);
    const asymptotic = psiThreshold({ referenceRows, windowRows, bins: categories.length, falseAlarmRate: 0.01 });
    expect(falseAlarms(categories, () => asymptotic, 40, 2000, 33)).toBeLessThan(0.007);
  });

  test("is NaN without rows or with one bin", () => {
    expect(psiThreshold({ referenceRows: 0, windowRows, bins: 5, falseAlarmRate: 0.01 })).toBeNaN();
    expect(psiThreshold({ referenceRows, windowRows, bins: 1, falseAlarmRate: 0.01 })).toBeNaN();
  });
});

test("a simulated null is reproducible from its seed", () => {
  const simulate = () =>
    simulateNull({
      referenceCounts: [50, 30, 1, 0],
      windowRows: 40,
      statistic: populationStabilityIndex,
      draws: 50,
      random: createRandom(5),
    });
  expect(simulate()).toEqual(simulate());
});

test("the tail law continues a χ² beyond the draws, and thresholds and chances are each other's inverse", () => {
  const random = createRandom(41);
  const squares = Float64Array.from({ length: 20_000 }, () => {
    let sum = 0;
    for (let term = 0; term < 11; term++) sum += random.normal() ** 2;
    return sum;
  });
  const distribution = nullFromDraws(squares);
  for (const rate of [0.5, 0.05, 0.01, 1e-3, 1e-5, 1e-7]) {
    const threshold = nullThreshold(distribution, rate);
    expect(threshold / chiSquareUpperQuantile(rate, 11)).toBeCloseTo(1, 1);
    expect(exceedanceProbability(distribution, threshold) / rate).toBeCloseTo(1, 1);
  }
  expect(exceedanceProbability(distribution, 0)).toBe(1);
});

test("bins that the reference missed are as likely as its bins of one row say", () => {
  const unseenRows = (referenceCounts: number[]) =>
    simulateNull({
      referenceCounts,
      windowRows: 1000,
      statistic: (_, window) => (window[4] as number) + (window[5] as number),
      draws: 2000,
      random: createRandom(71),
    }).mean;
  expect(unseenRows([900, 98, 1, 1, 0, 0])).toBeCloseTo(2, 0.5);
  expect(unseenRows([900, 98, 2, 2, 0, 0])).toBe(0);
});

test("a larger value is never more likely to be exceeded, even where draws end before the gamma law does", () => {
  const distribution = nullFromDraws(Float64Array.from({ length: 10_000 }, (_, draw) => draw / 10_000));
  let before = 1;
  for (let value = -0.1; value < 1.5; value += 0.01) {
    const now = exceedanceProbability(distribution, value);
    expect(now).toBeLessThanOrEqual(before);
    before = now;
  }
});

test("a null without rows, or a statistic without value, is NaN", () => {
  const statistic = populationStabilityIndex;
  const nothing = simulateNull({
    referenceCounts: [0, 0],
    windowRows: 10,
    statistic,
    draws: 20,
    random: createRandom(1),
  });
  expect(nullThreshold(nothing, 0.01)).toBeNaN();
  expect(exceedanceProbability(nothing, 0.1)).toBeNaN();
  expect(exceedanceProbability(nullFromDraws(Float64Array.of(1, 2, 3)), Number.NaN)).toBeNaN();
  expect(nullThreshold(nullFromDraws(new Float64Array()), 0.01)).toBeNaN();
});

test.each([
  [30, 0.2],
  [2000, 0.004],
  [2000, 0.3],
  [1_000_000, 0.71],
])("binomial draws of %p trials at %p have the mean and variance of the distribution", (trials, rate) => {
  const random = createRandom(51);
  const draws = Float64Array.from({ length: 40_000 }, () => drawBinomial(trials, rate, random));
  const { mean, standardDeviation } = nullFromDraws(draws);
  const spread = Math.sqrt(trials * rate * (1 - rate));
  expect(normalTwoSided(((mean - trials * rate) / spread) * Math.sqrt(draws.length))).toBeGreaterThan(1e-4);
  expect(standardDeviation / spread).toBeCloseTo(1, 1.5);
  expect(draws.every((drawn) => Number.isInteger(drawn) && drawn >= 0 && drawn <= trials)).toBe(true);
});

test("multinomial draws spread all rows and none into a bin of probability 0", () => {
  const counts = drawMultinomial(1000, [0.25, 0, 0.75], createRandom(61));
  expect(counts[1]).toBe(0);
  expectNear((counts[0] as number) + (counts[2] as number), 1000, 0);
  expect([
    drawBinomial(5, 0, createRandom(1)),
    drawBinomial(5, 1, createRandom(1)),
    drawBinomial(0, 0.5, createRandom(1)),
  ]).toEqual([0, 5, 0]);
});
