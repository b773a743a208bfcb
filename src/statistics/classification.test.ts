import { expect, test } from "bun:test";
import fc from "fast-check";
import { classificationMetrics, metricNames } from "./classification.ts";
import { confusionCounts, f1 } from "./confusion.ts";
import { expectNear, golden } from "./golden.ts";
import { calibrationCurve, squaredErrorLaw } from "./probability-scores.ts";
import { averagePrecision, rankScores, rocAuc, rocCurve } from "./ranking.ts";
import { thresholdMaximisingF1 } from "./threshold.ts";

fc.configureGlobal({ seed: 20240229 });

/** Probabilities on a coarse grid, so that ties are common, with labels. */
const labelled = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 20 }), fc.nat(1)), { minLength: 1, maxLength: 80 })
  .map((rows) => ({
    probabilities: Float64Array.from(rows, (row) => row[0] / 20),
    labels: Uint8Array.from(rows, (row) => row[1]),
  }));
const bothClasses = labelled.filter(({ labels }) => labels.includes(0) && labels.includes(1));

test("all metrics agree with scikit-learn, on distinct scores, tied ones and few positives", () => {
  for (const { probabilities, labels, threshold, confusion, metrics } of golden.classification) {
    const p = Float64Array.from(probabilities);
    const y = Uint8Array.from(labels);
    expect(Object.values(confusionCounts(p, y, threshold))).toEqual(confusion);
    const found = classificationMetrics(p, y, threshold);
    for (const name of metricNames) expectNear(found[name], metrics[name]);
  }
});

test("the order of the rows changes nothing", () => {
  fc.assert(
    fc.property(labelled, ({ probabilities, labels }) => {
      const forwards = classificationMetrics(probabilities, labels, 0.4);
      const backwards = classificationMetrics(probabilities.toReversed(), labels.toReversed(), 0.4);
      for (const name of metricNames) {
        if (Number.isNaN(forwards[name])) expect(backwards[name]).toBeNaN();
        else expectNear(backwards[name], forwards[name], 1e-12);
      }
    }),
  );
});

test("the AUC of reversed scores is 1 − AUC, and of scores under any rising map the same", () => {
  fc.assert(
    fc.property(bothClasses, ({ probabilities, labels }) => {
      const auc = rocAuc(rankScores(probabilities, labels));
      expectNear(
        rocAuc(
          rankScores(
            probabilities.map((p) => 1 - p),
            labels,
          ),
        ),
        1 - auc,
        1e-12,
      );
      expect(
        rocAuc(
          rankScores(
            probabilities.map((p) => p ** 3 - 7),
            labels,
          ),
        ),
      ).toBe(auc);
    }),
  );
});

test("equal scores have AUC ½ and the share of positives as average precision", () => {
  fc.assert(
    fc.property(bothClasses, ({ labels }) => {
      const ranked = rankScores(new Float64Array(labels.length).fill(0.3), labels);
      expect(rocAuc(ranked)).toBe(0.5);
      expectNear(averagePrecision(ranked), labels.reduce((sum, label) => sum + label, 0) / labels.length, 1e-12);
    }),
  );
});

test("the ROC curve climbs from (0, 0) to (1, 1) and the area under it is the AUC", () => {
  fc.assert(
    fc.property(bothClasses, ({ probabilities, labels }) => {
      const ranked = rankScores(probabilities, labels);
      const curve = rocCurve(ranked);
      expect(curve[0]).toEqual({ threshold: Infinity, falsePositiveRate: 0, truePositiveRate: 0 });
      expect(curve.at(-1)).toMatchObject({ falsePositiveRate: 1, truePositiveRate: 1 });
      let area = 0;
      curve.forEach((point, index) => {
        const before = curve[index - 1] ?? point;
        area +=
          ((point.falsePositiveRate - before.falsePositiveRate) * (point.truePositiveRate + before.truePositiveRate)) /
          2;
      });
      expectNear(area, rocAuc(ranked), 1e-12);
      expect(rocCurve(ranked, 5).length).toBeLessThanOrEqual(7);
      expect(rocCurve(ranked, 5).at(-1)).toEqual(curve.at(-1));
    }),
  );
});

test("the calibration curve holds every row once, 1 in the last bin", () => {
  const curve = calibrationCurve(Float64Array.of(0, 0.1, 0.1, 0.95, 1), Uint8Array.of(0, 1, 0, 1, 1));
  expect(curve.map((point) => point.rows)).toEqual([1, 2, 0, 0, 0, 0, 0, 0, 0, 2]);
  expect(curve[1]).toEqual({ rows: 2, predicted: 0.1, observed: 0.5 });
  expect(curve[9]).toEqual({ rows: 2, predicted: 0.975, observed: 1 });
  expect(curve[4]).toEqual({ rows: 0, predicted: Number.NaN, observed: Number.NaN });
});

test("a metric is NaN exactly where it is undefined", () => {
  const undefinedOf = (p: number[], y: number[], threshold = 0.5) => {
    const metrics = classificationMetrics(Float64Array.from(p), Uint8Array.from(y), threshold);
    return metricNames.filter((name) => Number.isNaN(metrics[name]));
  };
  expect(undefinedOf([], [])).toEqual([...metricNames]);
  expect(undefinedOf([0.2, 0.7], [1, 1])).toEqual(["specificity", "roc_auc"]);
  expect(undefinedOf([0.2, 0.7], [0, 0])).toEqual(["recall", "roc_auc", "average_precision"]);
  expect(undefinedOf([0.2, 0.3], [0, 1])).toEqual(["precision"]);
  expect(undefinedOf([0.2, 0.3], [0, 0])).toEqual(["precision", "recall", "f1", "roc_auc", "average_precision"]);
  expect(undefinedOf([0.5, 0.5], [0, 1])).toEqual([]);
  expect(undefinedOf([0.5, Number.NaN], [0, 1])).toEqual([
    "roc_auc",
    "average_precision",
    "brier",
    "log_loss",
    "calibration_error",
  ]);
});

test("a probability of 0 for what happened costs a finite log loss", () => {
  const metrics = classificationMetrics(Float64Array.of(0, 1), Uint8Array.of(1, 0), 0.5);
  expectNear(metrics.log_loss, 36.04365338911715);
  expect(metrics.brier).toBe(1);
});

test("the threshold with the highest F1 is as good as scikit-learn's best and keeps its distance from the scores", () => {
  for (const { probabilities, labels, bestF1 } of golden.classification) {
    const p = Float64Array.from(probabilities);
    const y = Uint8Array.from(labels);
    const threshold = thresholdMaximisingF1(p, y);
    expectNear(f1(confusionCounts(p, y, threshold)), bestF1);
    expect(p).not.toContain(threshold);
  }
});

test("no other threshold has a higher F1", () => {
  fc.assert(
    fc.property(bothClasses, ({ probabilities, labels }) => {
      const best = f1(confusionCounts(probabilities, labels, thresholdMaximisingF1(probabilities, labels)));
      for (const threshold of probabilities) {
        expect(f1(confusionCounts(probabilities, labels, threshold))).toBeLessThanOrEqual(best + 1e-12);
      }
    }),
  );
  expect(thresholdMaximisingF1(Float64Array.of(0.2, 0.4), Uint8Array.of(0, 0))).toBeNaN();
  expect(thresholdMaximisingF1(Float64Array.of(0.2, Number.NaN), Uint8Array.of(0, 1))).toBeNaN();
  expect(thresholdMaximisingF1(Float64Array.of(0.3, 0.3), Uint8Array.of(0, 1))).toBe(0.3);
  expect(thresholdMaximisingF1(Float64Array.of(0.9, 0.8, 0.7, 0.6), Uint8Array.of(1, 0, 0, 1))).toBeCloseTo(0.85, 12);
  for (const lower of [0.3, 0.3 + 2 ** -54]) {
    const next = lower + 2 ** -54;
    expect(thresholdMaximisingF1(Float64Array.of(lower, next), Uint8Array.of(0, 1))).toBe(next);
  }
});

test("vectors of different lengths are refused", () => {
  expect(() => classificationMetrics(new Float64Array(2), new Uint8Array(3), 0.5)).toThrow(RangeError);
});

test("the cumulants of a squared error are those of its two values", () => {
  for (const p of [0.01, 0.3, 0.5, 0.9]) {
    const values = [
      [(1 - p) ** 2, p],
      [p ** 2, 1 - p],
    ] as const;
    const mean = values.reduce((sum, [value, weight]) => sum + weight * value, 0);
    const moment = (order: number) =>
      values.reduce((sum, [value, weight]) => sum + weight * (value - mean) ** order, 0);
    const law = squaredErrorLaw(p);
    expect(law.mean).toBeCloseTo(mean, 12);
    expect(law.variance).toBeCloseTo(moment(2), 12);
    expect(law.third).toBeCloseTo(moment(3), 12);
  }
});
