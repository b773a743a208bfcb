import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { classificationMetrics, type MetricName, metricNames } from "./classification.ts";
import { rowsOf } from "./confusion.ts";
import { estimatePerformance } from "./estimation.ts";
import { expectNear, golden } from "./golden.ts";
import { createRandom } from "./random.ts";

fc.configureGlobal({ seed: 20240229 });

describe.each(golden.classification)("on $name probabilities", ({ name, probabilities, threshold, estimate }) => {
  const { metrics } = estimatePerformance(Float64Array.from(probabilities), threshold);

  test("estimates agree with scikit-learn on rows weighted by their probability", () => {
    for (const name of metricNames) expectNear(metrics[name].value, estimate.metrics[name]);
  });

  test("standard errors agree with derivatives of those by each probability", () => {
    for (const name of metricNames) expectNear(metrics[name].standardError, estimate.standardErrors[name], 1e-6);
  });

  test("estimates agree with NannyML, which rounds to five decimals and takes tied rows one by one", () => {
    for (const [metric, value] of Object.entries(estimate.nannyml)) {
      if (name === "tied" && metric === "average_precision") continue;
      expectNear(metrics[metric as MetricName].value, value, 1e-6);
    }
  });
});

test("labels drawn from the probabilities show the estimate, and stray from it as the standard errors say", () => {
  const random = createRandom(77);
  const probabilities = Float64Array.from({ length: 2000 }, () => random.uniform() ** 3);
  const { metrics, confusion } = estimatePerformance(probabilities, 0.3);
  expectNear(rowsOf(confusion), 2000, 1e-12);
  const draws = 1500;
  const sum = Object.fromEntries(metricNames.map((name) => [name, 0])) as Record<MetricName, number>;
  const squares = { ...sum };
  for (let draw = 0; draw < draws; draw++) {
    const labels = Uint8Array.from(probabilities, (p) => (random.uniform() < p ? 1 : 0));
    const realized = classificationMetrics(probabilities, labels, 0.3);
    for (const name of metricNames) {
      sum[name] += realized[name] - metrics[name].value;
      squares[name] += (realized[name] - metrics[name].value) ** 2;
    }
  }
  for (const name of metricNames) {
    const { standardError } = metrics[name];
    expect(Math.abs(sum[name] / draws)).toBeLessThan(0.15 * standardError);
    expect(Math.sqrt(squares[name] / draws) / standardError).toBeCloseTo(1, 0.9);
  }
});

test("an estimate holds its value, keeps to the range of its metric and does not depend on the order of rows", () => {
  const rows = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(rows, fc.double({ min: 0, max: 1, noNaN: true }), (values, threshold) => {
      const probabilities = Float64Array.from(values, (value) => value / 20);
      const { metrics } = estimatePerformance(probabilities, threshold);
      const reversed = estimatePerformance(probabilities.toReversed(), threshold).metrics;
      for (const name of metricNames) {
        const { value, lower, upper } = metrics[name];
        if (Number.isNaN(value)) {
          expect(reversed[name].value).toBeNaN();
          continue;
        }
        expectNear(reversed[name].value, value, 1e-12);
        expect(lower).toBeLessThanOrEqual(value);
        expect(upper).toBeGreaterThanOrEqual(value);
        expect(lower).toBeGreaterThanOrEqual(0);
      }
    }),
  );
});

test("no rows, a missing probability or nothing predicted positive give NaN, never an exception", () => {
  const empty = estimatePerformance(new Float64Array(), 0.5);
  expect(empty).toMatchObject({ rows: 0, confusion: { truePositives: 0 } });
  for (const name of metricNames) {
    expect(empty.metrics[name].value).toBeNaN();
    expect(estimatePerformance(Float64Array.of(0.2, Number.NaN), 0.5).metrics[name].value).toBeNaN();
  }
  const quiet = estimatePerformance(Float64Array.of(0.2, 0.3), 0.5).metrics;
  expect(quiet.precision.value).toBeNaN();
  expect(quiet.recall.value).toBe(0);
  const certain = estimatePerformance(Float64Array.of(0, 0), 0.5).metrics;
  expect(certain).toMatchObject({ accuracy: { value: 1 }, brier: { value: 0 }, log_loss: { value: 0 } });
  expect(certain.roc_auc.value).toBeNaN();
});
