import type { BoostedTrees, Tree } from "./model.ts";

/** Explains raw scores (log-odds before calibration) of boosted trees. */
export interface Explainer {
  /** The mean raw score over the rows that the trees were grown on, as their covers tell. */
  base: number;
  /**
   * SHAP values of one row: what each feature adds to `base`; base + their sum is the raw score.
   * @param row float32 values in the order of the model's features, NaN for missing
   * @param out one place a feature, overwritten and returned
   */
  contributions(row: ArrayLike<number>, out: Float64Array): Float64Array;
}

/** All leaves of all trees. A leaf has one step for each feature on its path, in the steps' arrays from `start` to `end`. */
interface Leaves {
  value: Float64Array;
  start: Int32Array;
  end: Int32Array;
  steps: Steps;
}

/** What a path asks of one feature, all its splits on it taken together: a value in (above, upTo], or missing when that is let in. */
interface Steps {
  feature: Int32Array;
  above: Float64Array;
  upTo: Float64Array;
  missing: Uint8Array;
  /** Share of the rows that pass the splits on this feature, of those that reach them. */
  share: Float64Array;
}

interface Step {
  feature: number;
  above: number;
  upTo: number;
  missing: boolean;
  share: number;
}

/**
 * Exact SHAP values of trees, path-dependent: a feature that is not known is averaged over by the covers of the training rows.
 *
 * A leaf with the steps' shares z and m of its d features passed adds, to a feature not passed, −v C Σₖ wₖ pₖ, and to a passed
 * feature i, v (1 − zᵢ) C Σₖ wₖ qₖ; C is the product of the shares of the features not passed, p the coefficients of
 * Π (zⱼ + y) over the passed ones, q those of the same without i, wₖ = k! (d − 1 − k)! / d!. So a row costs
 * O(leaves · d + passed²).
 * Source: Lundberg et al., "From local explanations to global understanding with explainable AI for trees" (2020), algorithm 2,
 * rearranged as polynomials like in Yu et al., "Linear TreeShap" (2022).
 */
export function createExplainer({ trees, baseScore, featureNames }: BoostedTrees): Explainer {
  const leaves = collectLeaves(trees);
  const deepest = leaves.start.reduce((most, start, leaf) => Math.max(most, (leaves.end[leaf] as number) - start), 0);
  const weights = shapleyWeights(Math.max(1, deepest));
  const base = trees.reduce((sum, tree) => sum + meanOf(tree, 0), baseScore);
  const { feature, above, upTo, missing, share } = leaves.steps;
  const passed = new Int32Array(deepest);
  const coefficients = new Float64Array(deepest + 1);

  /** Coefficients of Π (share + y) over the first `count` passed steps. @returns Σ weight · coefficient. */
  function multiply(count: number, weight: Float64Array): number {
    coefficients[0] = 1;
    for (let i = 0; i < count; i++) {
      const z = share[passed[i] as number] as number;
      coefficients[i + 1] = coefficients[i] as number;
      for (let k = i; k > 0; k--) coefficients[k] = (coefficients[k - 1] as number) + z * (coefficients[k] as number);
      coefficients[0] = z * (coefficients[0] as number);
    }
    let sum = 0;
    // A step not passed leaves at least one feature out, so k stays below d.
    for (let k = 0; k <= count && k < weight.length; k++) sum += (weight[k] as number) * (coefficients[k] as number);
    return sum;
  }

  /** Σ weight · coefficient of that product without the factor (z + y): synthetic division from the highest power down. */
  function withoutFactor(count: number, z: number, weight: Float64Array): number {
    let sum = 0;
    let quotient = coefficients[count] as number;
    for (let k = count - 1; k >= 0; k--) {
      sum += (weight[k] as number) * quotient;
      quotient = (coefficients[k] as number) - z * quotient;
    }
    return sum;
  }

  return {
    base,
    contributions(row, out) {
      out.fill(0);
      for (let leaf = 0; leaf < leaves.value.length; leaf++) {
        const start = leaves.start[leaf] as number;
        const end = leaves.end[leaf] as number;
        let count = 0;
        let factor = leaves.value[leaf] as number;
        for (let step = start; step < end; step++) {
          const value = row[feature[step] as number] as number;
          const isPassed = Number.isNaN(value)
            ? missing[step] === 1
            : value > (above[step] as number) && value <= (upTo[step] as number);
          if (isPassed) passed[count++] = step;
          else factor *= share[step] as number;
        }
        if (factor === 0) continue;
        const weight = weights[end - start] as Float64Array;
        const others = multiply(count, weight);
        if (count < end - start) {
          let next = 0;
          for (let step = start; step < end; step++) {
            if (next < count && passed[next] === step) {
              next++;
              continue;
            }
            const f = feature[step] as number;
            out[f] = (out[f] as number) - factor * others;
          }
        }
        for (let i = 0; i < count; i++) {
          const step = passed[i] as number;
          const z = share[step] as number;
          const f = feature[step] as number;
          out[f] = (out[f] as number) + factor * (1 - z) * withoutFactor(count, z, weight);
        }
      }
      return out.subarray(0, featureNames.length);
    },
  };
}

/** For d features: k! (d − 1 − k)! / d! for k = 0 … d − 1. */
function shapleyWeights(deepest: number): Float64Array[] {
  return Array.from({ length: deepest + 1 }, (_, d) => {
    const weights = new Float64Array(d);
    // 1 / (d · C(d − 1, k))
    let choose = 1;
    for (let k = 0; k < d; k++) {
      weights[k] = 1 / (d * choose);
      choose = (choose * (d - 1 - k)) / (k + 1);
    }
    return weights;
  });
}

const shareOf = ({ cover }: Tree, child: number, node: number): number => {
  const rows = cover[node] as number;
  return rows > 0 ? (cover[child] as number) / rows : 0;
};

function meanOf(tree: Tree, node: number): number {
  if ((tree.feature[node] as number) < 0) return tree.value[node] as number;
  const [left, right] = [tree.left[node] as number, tree.right[node] as number];
  return shareOf(tree, left, node) * meanOf(tree, left) + shareOf(tree, right, node) * meanOf(tree, right);
}

function collectLeaves(trees: readonly Tree[]): Leaves {
  const value: number[] = [];
  const start: number[] = [];
  const end: number[] = [];
  const steps: Step[] = [];
  const visit = (tree: Tree, node: number, path: readonly Step[]): void => {
    const feature = tree.feature[node] as number;
    if (feature < 0) {
      value.push(tree.value[node] as number);
      start.push(steps.length);
      steps.push(...path);
      end.push(steps.length);
      return;
    }
    const threshold = tree.threshold[node] as number;
    const before = path.find((step) => step.feature === feature);
    const others = path.filter((step) => step !== before);
    for (const isLeft of [true, false]) {
      const child = (isLeft ? tree.left[node] : tree.right[node]) as number;
      const takesMissing = (tree.missingLeft[node] === 1) === isLeft;
      visit(tree, child, [
        ...others,
        {
          feature,
          above: isLeft ? (before?.above ?? Number.NEGATIVE_INFINITY) : Math.max(before?.above ?? -Infinity, threshold),
          upTo: isLeft ? Math.min(before?.upTo ?? Infinity, threshold) : (before?.upTo ?? Number.POSITIVE_INFINITY),
          missing: (before?.missing ?? true) && takesMissing,
          share: (before?.share ?? 1) * shareOf(tree, child, node),
        },
      ]);
    }
  };
  for (const tree of trees) visit(tree, 0, []);
  return {
    value: Float64Array.from(value),
    start: Int32Array.from(start),
    end: Int32Array.from(end),
    steps: {
      feature: Int32Array.from(steps, (step) => step.feature),
      above: Float64Array.from(steps, (step) => step.above),
      upTo: Float64Array.from(steps, (step) => step.upTo),
      missing: Uint8Array.from(steps, (step) => (step.missing ? 1 : 0)),
      share: Float64Array.from(steps, (step) => step.share),
    },
  };
}
