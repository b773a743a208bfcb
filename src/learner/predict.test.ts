import { describe, expect, test } from "bun:test";
import type { BoostedTrees, Tree } from "./model.ts";
import { rawScores } from "./predict.ts";

/** One split: `low` at or below the threshold, `high` above it. */
function stump(feature: number, threshold: number, isMissingLeft: boolean, low: number, high: number): Tree {
  return {
    feature: Int32Array.of(feature, -1, -1),
    threshold: Float32Array.of(threshold, 0, 0),
    missingLeft: Uint8Array.of(isMissingLeft ? 1 : 0, 0, 0),
    left: Int32Array.of(1, -1, -1),
    right: Int32Array.of(2, -1, -1),
    value: Float32Array.of(0, low, high),
    gain: Float32Array.of(1, 0, 0),
    cover: Float64Array.of(2, 1, 1),
  };
}

const model = (...trees: Tree[]): BoostedTrees => ({ featureNames: ["a", "b"], baseScore: 0.5, trees });
const ones = (count: number): Float32Array => new Float32Array(count).fill(1);

describe("raw scores", () => {
  test("send a value on the threshold left, and the next float32 right", () => {
    const threshold = Math.fround(0.1);
    const next = Math.fround(threshold + 2 ** -27);
    expect(next).toBeGreaterThan(threshold);
    const values = Float32Array.of(threshold, next, -1e30, 1e30);
    expect([...rawScores(model(stump(0, threshold, false, -2, 3)), [values, ones(4)])]).toEqual([-1.5, 3.5, -1.5, 3.5]);
  });

  test.each([
    [true, -1.5],
    [false, 3.5],
  ])("send missing left: %p", (isMissingLeft, expected) => {
    const missing = Float32Array.of(Number.NaN);
    expect([...rawScores(model(stump(0, 9, isMissingLeft, -2, 3)), [missing, ones(1)])]).toEqual([expected]);
  });

  test("are the base score and the sum over the trees, each with its own feature", () => {
    const trees = [stump(0, 0, false, 1, 2), stump(1, 5, false, 10, 20)];
    const features = [Float32Array.of(-1, -1, 1, 1), Float32Array.of(4, 6, 4, 6)];
    expect([...rawScores(model(...trees), features)]).toEqual([11.5, 21.5, 12.5, 22.5]);
  });

  test("are the base score without trees, and none without rows", () => {
    expect([...rawScores(model(), [ones(2), ones(2)])]).toEqual([0.5, 0.5]);
    expect(rawScores(model(stump(0, 0, false, 1, 2)), [ones(0), ones(0)]).length).toBe(0);
  });
});
