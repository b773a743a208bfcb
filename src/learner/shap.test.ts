import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createRandom, type Random } from "../statistics/random.ts";
import type { BoostedTrees, Tree } from "./model.ts";
import { rawScores } from "./predict.ts";
import { createExplainer } from "./shap.ts";

const featureCount = 4;

/** A random tree; features come again on a path, thresholds are few, so that some leaves cannot be reached. */
function randomTree(random: Random, depth: number): Tree {
  const nodes: {
    feature: number;
    threshold: number;
    missingLeft: number;
    left: number;
    right: number;
    cover: number;
  }[] = [];
  const grow = (level: number, cover: number): number => {
    const node = nodes.length;
    const isLeaf = level === 0 || cover < 2 || random.uniform() < 0.15;
    nodes.push({
      feature: isLeaf ? -1 : random.integer(featureCount),
      threshold: random.integer(5),
      missingLeft: random.integer(2),
      left: 0,
      right: 0,
      cover,
    });
    if (!isLeaf) {
      const left = 1 + random.integer(cover - 1);
      const own = nodes[node] as (typeof nodes)[number];
      own.left = grow(level - 1, left);
      own.right = grow(level - 1, cover - left);
    }
    return node;
  };
  grow(depth, 100);
  return {
    feature: Int32Array.from(nodes, ({ feature }) => feature),
    threshold: Float32Array.from(nodes, ({ threshold }) => threshold),
    missingLeft: Uint8Array.from(nodes, ({ missingLeft }) => missingLeft),
    left: Int32Array.from(nodes, ({ left }) => left),
    right: Int32Array.from(nodes, ({ right }) => right),
    value: Float32Array.from(nodes, ({ feature }) => (feature < 0 ? random.normal() : 0)),
    gain: new Float32Array(nodes.length),
    cover: Float64Array.from(nodes, ({ cover }) => cover),
  };
}

const featureNames = Array.from({ length: featureCount }, (_, f) => `f${f}`);

function randomModel(random: Random): BoostedTrees {
  return { featureNames, baseScore: random.normal(), trees: [0, 1, 2].map(() => randomTree(random, 5)) };
}

/** The expectation of a tree when only the features of `known` (bits) are, unknown ones averaged over by cover. */
function expectation(tree: Tree, row: readonly number[], known: number, node = 0): number {
  const feature = tree.feature[node] as number;
  if (feature < 0) return tree.value[node] as number;
  const [left, right] = [tree.left[node] as number, tree.right[node] as number];
  if ((known >> feature) & 1) {
    const value = row[feature] as number;
    const isLeft = Number.isNaN(value) ? tree.missingLeft[node] === 1 : value <= (tree.threshold[node] as number);
    return expectation(tree, row, known, isLeft ? left : right);
  }
  const share = (child: number) => (tree.cover[child] as number) / (tree.cover[node] as number);
  return share(left) * expectation(tree, row, known, left) + share(right) * expectation(tree, row, known, right);
}

/** Shapley values by their definition: over all subsets. */
function shapley({ trees }: BoostedTrees, row: readonly number[]): number[] {
  const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));
  const value = (known: number) => trees.reduce((sum, tree) => sum + expectation(tree, row, known), 0);
  return featureNames.map((_, feature) => {
    let sum = 0;
    for (let known = 0; known < 1 << featureCount; known++) {
      if ((known >> feature) & 1) continue;
      const size = featureNames.filter((_, f) => (known >> f) & 1).length;
      const weight = (factorial(size) * factorial(featureCount - 1 - size)) / factorial(featureCount);
      sum += weight * (value(known | (1 << feature)) - value(known));
    }
    return sum;
  });
}

const cell = fc.option(fc.double({ min: -1, max: 6, noNaN: true }), { nil: Number.NaN });
const rowOf = fc.array(fc.oneof(cell, fc.integer({ min: 0, max: 5 })), {
  minLength: featureCount,
  maxLength: featureCount,
});

describe("SHAP values", () => {
  test("are those of the definition, and add up to the raw score", () => {
    fc.assert(
      fc.property(fc.nat(), rowOf, (seed, row) => {
        const model = randomModel(createRandom(seed));
        const { base, contributions } = createExplainer(model);
        const rounded = row.map(Math.fround);
        const found = contributions(rounded, new Float64Array(featureCount));
        shapley(model, rounded).forEach((value, feature) => void expect(found[feature]).toBeCloseTo(value, 9));
        const columns = rounded.map((value) => Float32Array.of(value));
        const sum = found.reduce((total, value) => total + value, base);
        expect(sum).toBeCloseTo(rawScores(model, columns)[0] as number, 9);
      }),
      { numRuns: 300 },
    );
  });

  test("are 0 for a feature that no tree asks for, and for all of a tree without a split", () => {
    const leaf = randomTree(createRandom(1), 0);
    const explainer = createExplainer({ featureNames, baseScore: 0.5, trees: [leaf] });
    expect([...explainer.contributions([1, 2, 3, Number.NaN], new Float64Array(featureCount))]).toEqual([0, 0, 0, 0]);
    expect(explainer.base).toBeCloseTo(0.5 + (leaf.value[0] as number), 12);
  });
});
