import type { BoostedTrees, Tree } from "../../src/learner/model.ts";

/** The features on a path: share of rows that follow it unknown (`zero`), 1 when the row follows it (`one`), weight of the subsets by size. */
interface Path {
  feature: Int32Array;
  zero: Float64Array;
  one: Float64Array;
  weight: Float64Array;
}

/**
 * SHAP values as published: algorithm 2 of Lundberg et al. (2020), a walk of each tree that extends and unwinds the path.
 * The baseline of `bench explain`, and its check; paths of at most `deepest` features.
 * @returns a function that adds one row's values to `out`, one place a feature
 */
export function createPublishedTreeShap({ trees }: BoostedTrees, deepest: number) {
  const paths: Path[] = Array.from({ length: deepest + 2 }, () => ({
    feature: new Int32Array(deepest + 2),
    zero: new Float64Array(deepest + 2),
    one: new Float64Array(deepest + 2),
    weight: new Float64Array(deepest + 2),
  }));
  const pathAt = (level: number): Path => {
    const path = paths[level];
    if (!path) throw new Error(`a tree is deeper than ${deepest}`);
    return path;
  };

  function visit(
    tree: Tree,
    node: number,
    row: ArrayLike<number>,
    out: Float64Array,
    above: { level: number; length: number; zero: number; one: number; feature: number },
  ): void {
    const path = pathAt(above.level);
    if (above.level > 0) copy(pathAt(above.level - 1), path, above.length);
    extend(path, above.length, above.zero, above.one, above.feature);
    let length = above.length + 1;
    const feature = tree.feature[node] as number;
    if (feature < 0) {
      for (let i = 1; i < length; i++) {
        const f = path.feature[i] as number;
        const change = (path.one[i] as number) - (path.zero[i] as number);
        out[f] = (out[f] as number) + unwoundSum(path, length, i) * change * (tree.value[node] as number);
      }
      return;
    }
    const value = row[feature] as number;
    const isLeft = Number.isNaN(value) ? tree.missingLeft[node] === 1 : value <= (tree.threshold[node] as number);
    const [left, right] = [tree.left[node] as number, tree.right[node] as number];
    let zero = 1;
    let one = 1;
    for (let i = 1; i < length; i++) {
      if (path.feature[i] !== feature) continue;
      zero = path.zero[i] as number;
      one = path.one[i] as number;
      unwind(path, length, i);
      length--;
      break;
    }
    for (const child of [left, right]) {
      const follows = (child === left) === isLeft;
      const share = (tree.cover[child] as number) / (tree.cover[node] as number);
      const below = { level: above.level + 1, length, zero: zero * share, one: follows ? one : 0, feature };
      visit(tree, child, row, out, below);
    }
  }

  return (row: ArrayLike<number>, out: Float64Array): void => {
    for (const tree of trees) visit(tree, 0, row, out, { level: 0, length: 0, zero: 1, one: 1, feature: -1 });
  };
}

function copy(from: Path, to: Path, length: number): void {
  for (let i = 0; i < length; i++) {
    to.feature[i] = from.feature[i] as number;
    to.zero[i] = from.zero[i] as number;
    to.one[i] = from.one[i] as number;
    to.weight[i] = from.weight[i] as number;
  }
}

function extend({ feature, zero, one, weight }: Path, length: number, z: number, o: number, f: number): void {
  feature[length] = f;
  zero[length] = z;
  one[length] = o;
  weight[length] = length === 0 ? 1 : 0;
  for (let i = length - 1; i >= 0; i--) {
    weight[i + 1] = (weight[i + 1] as number) + (o * (weight[i] as number) * (i + 1)) / (length + 1);
    weight[i] = (z * (weight[i] as number) * (length - i)) / (length + 1);
  }
}

function unwind({ feature, zero, one, weight }: Path, length: number, index: number): void {
  const last = length - 1;
  const [z, o] = [zero[index] as number, one[index] as number];
  let next = weight[last] as number;
  for (let j = last - 1; j >= 0; j--) {
    const own = weight[j] as number;
    if (o === 0) {
      weight[j] = (own * length) / (z * (last - j));
    } else {
      const unwound = (next * length) / ((j + 1) * o);
      weight[j] = unwound;
      next = own - (unwound * z * (last - j)) / length;
    }
  }
  for (let j = index; j < last; j++) {
    feature[j] = feature[j + 1] as number;
    zero[j] = zero[j + 1] as number;
    one[j] = one[j + 1] as number;
  }
}

/** The sum of the weights that unwinding a feature would leave. */
function unwoundSum({ zero, one, weight }: Path, length: number, index: number): number {
  const last = length - 1;
  const [z, o] = [zero[index] as number, one[index] as number];
  let next = weight[last] as number;
  let sum = 0;
  for (let j = last - 1; j >= 0; j--) {
    const own = weight[j] as number;
    if (o === 0) {
      sum += (own * length) / (z * (last - j));
    } else {
      const unwound = (next * length) / ((j + 1) * o);
      sum += unwound;
      next = own - (unwound * z * (last - j)) / length;
    }
  }
  return sum;
}
