import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { calibrationErrorInterval } from "./calibration-error-interval.ts";
import { classificationMetrics, type MetricName, metricNames } from "./classification.ts";
import { classificationIntervals } from "./classification-intervals.ts";
import { aucInterval, compareAuc } from "./delong.ts";
import { expectNear, golden } from "./golden.ts";
import { type Interval, normalInterval, wilsonInterval } from "./intervals.ts";
import { createRandom, type Random } from "./random.ts";
import { rankScores } from "./ranking.ts";

fc.configureGlobal({ seed: 20240229 });

type Case = (typeof golden.classification)[number];

const labelled = fc.array(fc.tuple(fc.integer({ min: 0, max: 20 }), fc.nat(1)), { maxLength: 60 }).map((rows) => ({
  probabilities: Float64Array.from(rows, (row) => row[0] / 20),
  labels: Uint8Array.from(rows, (row) => row[1]),
}));

describe.each(golden.classification)("on $name scores", ({ probabilities, labels, other, threshold, ...expected }) => {
  const p = Float64Array.from(probabilities);
  const y = Uint8Array.from(labels);
  const intervals = classificationIntervals(p, y, threshold);

  test("values are those of scikit-learn", () => {
    for (const name of metricNames) expectNear(intervals[name].value, expected.metrics[name]);
  });

  test("standard errors agree with DeLong's definition, scipy and derivatives of scikit-learn's weighted metrics", () => {
    for (const [name, value] of Object.entries(expected.standardErrors)) {
      expectNear(intervals[name as MetricName].standardError, value);
    }
    for (const [name, value] of Object.entries(expected.derivedStandardErrors)) {
      expectNear(intervals[name as MetricName].standardError, value, 1e-7);
    }
  });

  test("Wilson intervals agree with statsmodels", () => {
    for (const [name, [lower = 0, upper = 0]] of Object.entries(expected.wilson)) {
      expectNear(intervals[name as MetricName].lower, lower);
      expectNear(intervals[name as MetricName].upper, upper);
    }
  });

  test("the paired comparison of two AUCs agrees with DeLong's definition", () => {
    const { difference, z, pValue } = compareAuc(p, Float64Array.from(other), y);
    const [expectedDifference = 0, expectedZ = 0, expectedPValue = 0] = expected.compareAuc;
    expectNear(difference.value, expectedDifference);
    expectNear(z, expectedZ);
    expectNear(pValue, expectedPValue);
  });
});

test("an interval holds its value, keeps to the range of the metric and is NaN where the metric is", () => {
  fc.assert(
    fc.property(labelled, fc.double({ min: 0, max: 1, noNaN: true }), ({ probabilities, labels }, threshold) => {
      const intervals = classificationIntervals(probabilities, labels, threshold);
      const metrics = classificationMetrics(probabilities, labels, threshold);
      for (const name of metricNames) {
        const { value, lower, upper } = intervals[name];
        expect(value).toBe(metrics[name]);
        if (Number.isNaN(value)) expect(lower).toBeNaN();
        if (Number.isNaN(lower)) continue;
        expect(lower).toBeLessThanOrEqual(value);
        expect(upper).toBeGreaterThanOrEqual(value);
        expect(lower).toBeGreaterThanOrEqual(0);
        expect(upper).toBeLessThanOrEqual(name === "log_loss" ? Infinity : 1);
      }
    }),
  );
});

test("a higher confidence level gives a wider interval", () => {
  const [{ probabilities, labels, threshold }] = golden.classification as [Case];
  const at = (level: number) =>
    classificationIntervals(Float64Array.from(probabilities), Uint8Array.from(labels), threshold, level);
  for (const name of metricNames) expect(at(0.99)[name].upper).toBeGreaterThan(at(0.9)[name].upper);
});

test("a perfect ranking of few rows is not taken for certainty", () => {
  const perfect = aucInterval(rankScores(Float64Array.of(0.1, 0.2, 0.3, 0.8, 0.9), Uint8Array.of(0, 0, 0, 1, 1)));
  expect(perfect.value).toBe(1);
  expect(perfect.lower).toBeLessThan(0.5);
  const single = aucInterval(rankScores(Float64Array.of(0.1, 0.5, 0.3), Uint8Array.of(0, 0, 1)));
  expect(single.standardError).toBeNaN();
  expect(single.upper - single.lower).toBeGreaterThan(0.5);
});

test("a ratio of nothing is NaN, one row is an interval without a standard error", () => {
  expect(wilsonInterval(0, 0).lower).toBeNaN();
  expect(wilsonInterval(0, 20)).toMatchObject({ value: 0, lower: 0 });
  expect(wilsonInterval(0, 20).upper).toBeGreaterThan(0.1);
  expect(normalInterval(1, Number.NaN)).toMatchObject({ value: 1, lower: Number.NaN });
  const one = classificationIntervals(Float64Array.of(0.7), Uint8Array.of(1), 0.5);
  expect(one.brier.value).toBeCloseTo(0.09, 12);
  expect(one.brier.lower).toBeNaN();
});

test("scores that rank alike are not different", () => {
  const p = Float64Array.of(0.1, 0.4, 0.35, 0.8, 0.6);
  const y = Uint8Array.of(0, 0, 1, 1, 0);
  expect(compareAuc(p, p.map(Math.sqrt), y)).toMatchObject({ z: 0, pValue: 1 });
  expect(compareAuc(p, p, Uint8Array.of(1, 1, 1, 1, 1)).pValue).toBeNaN();
});

/** Rows whose chance of a positive label is `calibration` times their probability. */
function drawRows(rows: number, calibration: number, random: Random) {
  const probabilities = Float64Array.from({ length: rows }, () => random.uniform() ** 3);
  const labels = Uint8Array.from(probabilities, (p) => (random.uniform() < calibration * p ? 1 : 0));
  return { probabilities, labels };
}

test("95 % intervals hold the metric of the population in about 95 % of windows of 1,000 rows", () => {
  const random = createRandom(2024);
  const population = drawRows(1_000_000, 0.8, random);
  const { calibration_error: _, ...truth } = classificationMetrics(population.probabilities, population.labels, 0.3);
  const windows = Array.from({ length: 1000 }, () => drawRows(1000, 0.8, random));
  const intervals = windows.map(({ probabilities, labels }) => classificationIntervals(probabilities, labels, 0.3));
  for (const [name, value] of Object.entries(truth)) {
    const coverage = shareHolding(
      intervals.map((each) => each[name as MetricName]),
      value,
    );
    expect(coverage).toBeGreaterThan(0.925);
    expect(coverage).toBeLessThan(0.975);
  }
});

test.each([1, 0.7])(
  "the interval of the calibration error holds its expectation when probabilities are right times %p",
  (calibration) => {
    const random = createRandom(2025);
    const intervals = Array.from({ length: 1000 }, () => {
      const { probabilities, labels } = drawRows(1000, calibration, random);
      return calibrationErrorInterval(probabilities, labels);
    });
    const expected = intervals.reduce((sum, each) => sum + each.value, 0) / intervals.length;
    expect(shareHolding(intervals, expected)).toBeGreaterThan(0.925);
  },
);

function shareHolding(intervals: Interval[], value: number): number {
  return intervals.filter(({ lower, upper }) => lower <= value && value <= upper).length / intervals.length;
}
