import { describe, expect, test } from "bun:test";
import { logistic } from "../statistics/calibration.ts";
import { createRandom } from "../statistics/random.ts";
import { compareProbabilities, comparisonTable } from "./comparison.ts";

const random = createRandom(5);
const rows = 4000;
const logits = Float64Array.from({ length: rows }, () => 1.5 * random.normal());
const labels = Uint8Array.from(logits, (logit) => (random.uniform() < logistic(logit) ? 1 : 0));
const right = logits.map(logistic);
const noisy = logits.map((logit) => logistic(logit + random.normal()));
const overconfident = logits.map((logit) => logistic(2 * logit));

describe("the comparison of two models on the same rows", () => {
  test("finds no difference of a model with itself", () => {
    const { rocAuc, logLoss, isWorse } = compareProbabilities(right, right, labels, createRandom(1));
    expect([rocAuc.value, rocAuc.pValue, logLoss.value, logLoss.pValue, isWorse]).toEqual([0, 1, 0, 1, false]);
  });

  test("calls the noisier model worse, and the other way round not", () => {
    const worse = compareProbabilities(noisy, right, labels, createRandom(1));
    const better = compareProbabilities(right, noisy, labels, createRandom(1));
    expect([worse.isWorse, better.isWorse]).toEqual([true, false]);
    expect(worse.rocAuc.upper).toBeLessThan(0);
    expect(worse.logLoss.lower).toBeGreaterThan(0);
    expect(better.logLoss.value).toBeCloseTo(-worse.logLoss.value, 12);
  });

  test("sees by log loss what ranking does not: probabilities too sure of themselves", () => {
    const { rocAuc, logLoss, isWorse } = compareProbabilities(overconfident, right, labels, createRandom(1));
    expect(rocAuc.pValue).toBe(1);
    expect(logLoss.pValue).toBeLessThan(0.01);
    expect(isWorse).toBe(true);
  });

  test("has the interval of the bootstrap near the normal one", () => {
    const { logLoss } = compareProbabilities(noisy, right, labels, createRandom(1));
    const surprises = (p: Float64Array) => Array.from(labels, (y, i) => -Math.log(y === 1 ? p[i]! : 1 - p[i]!));
    const [a, b] = [surprises(noisy), surprises(right)];
    const differences = a.map((x, i) => x - b[i]!);
    const mean = differences.reduce((sum, x) => sum + x, 0) / rows;
    const error = Math.sqrt(differences.reduce((sum, x) => sum + (x - mean) ** 2, 0) / rows / rows);
    expect(logLoss.value).toBeCloseTo(mean, 12);
    expect((logLoss.upper - logLoss.lower) / (2 * 1.96 * error)).toBeCloseTo(1, 1);
  });

  test("is the same for the same seed, and shown with intervals and p-values", () => {
    const [first, second] = [1, 2].map(() => compareProbabilities(noisy, right, labels, createRandom(7)));
    expect(second).toEqual(first!);
    expect(comparisonTable(first!, "old")).toMatch(
      /less old on the same 4,000[\s\S]*roc_auc +−0\.\d{5} +\(−[\s\S]*p 0\.0000[\s\S]*log_loss +\+0/,
    );
  });
});
