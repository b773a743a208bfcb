import { type BinnedFeature, missingCode } from "./binning.ts";
import { fillHistogram, gradientScale, type Histogram, subtractHistogram } from "./histogram.ts";
import type { Tree } from "./model.ts";
import { findSplit, type LeafSums, type Split, type SplitOptions } from "./split.ts";

export interface GrowOptions extends SplitOptions {
  maxLeaves: number;
  learningRate: number;
}

/** Working memory for growing trees over one data set, used again for every tree. */
export interface Workspace {
  features: readonly BinnedFeature[];
  offsets: Int32Array;
  gradients: Int32Array;
  hessians: Int32Array;
  ordered: { gradients: Int32Array; hessians: Int32Array };
  scratch: Uint32Array;
  histograms: Histogram[];
}

interface Leaf {
  node: number;
  start: number;
  end: number;
  sums: LeafSums;
  histogram: Histogram;
  split: Split | null;
}

// Everything that is not missing is at most this.
const largest = 3.4028234663852886e38;

/** A grown tree, and which rows ended in which leaf: `rows` from `start` to `end` at `node`. */
export interface GrownTree {
  tree: Tree;
  leaves: { start: number; end: number; value: number }[];
}

/**
 * Grows a tree leaf by leaf, the split with the largest gain first, on the rows given; `rows` is put in the order of
 * the leaves.
 */
export function growTree(
  workspace: Workspace,
  rows: Uint32Array,
  used: readonly number[],
  options: GrowOptions,
): GrownTree {
  const { features, offsets, gradients, hessians, ordered } = workspace;
  const nodes = createNodes(2 * options.maxLeaves - 1);
  const takeHistogram = (): Histogram => workspace.histograms.pop() ?? new Float64Array(2 * (offsets.at(-1) as number));

  function fill(histogram: Histogram, start: number, end: number): Histogram {
    fillHistogram(histogram, features, used, offsets, rows.subarray(start, end), gradients, hessians, ordered);
    return histogram;
  }
  function openLeaf(node: number, start: number, end: number, sums: LeafSums, histogram: Histogram): Leaf {
    nodes.cover[node] = end - start;
    return { node, start, end, sums, histogram, split: findSplit(histogram, features, used, offsets, sums, options) };
  }

  const all: LeafSums = { gradient: 0, hessian: 0 };
  for (const row of rows) {
    all.gradient += gradients[row] as number;
    all.hessian += hessians[row] as number;
  }
  const leaves = [openLeaf(0, 0, rows.length, all, fill(takeHistogram(), 0, rows.length))];
  let size = 1;
  while (leaves.length < options.maxLeaves) {
    const chosen = leaves.reduce(
      (best, leaf, i) => ((leaf.split?.gain ?? 0) > (leaves[best]?.split?.gain ?? 0) ? i : best),
      0,
    );
    const leaf = leaves[chosen] as Leaf;
    const { split } = leaf;
    if (!split) break;
    const feature = features[split.feature] as BinnedFeature;
    const middle = partition(rows, leaf.start, leaf.end, feature, split, workspace.scratch);
    const [left, right] = [size++, size++];
    nodes.feature[leaf.node] = split.feature;
    nodes.threshold[leaf.node] = feature.cuts[split.bin] ?? largest;
    nodes.missingLeft[leaf.node] = split.missingLeft ? 1 : 0;
    nodes.left[leaf.node] = left;
    nodes.right[leaf.node] = right;
    nodes.gain[leaf.node] = split.gain;

    const rightSums = {
      gradient: leaf.sums.gradient - split.left.gradient,
      hessian: leaf.sums.hessian - split.left.hessian,
    };
    const isLeftSmaller = middle - leaf.start <= leaf.end - middle;
    const smaller = isLeftSmaller ? fill(takeHistogram(), leaf.start, middle) : fill(takeHistogram(), middle, leaf.end);
    const larger = leaf.histogram;
    subtractHistogram(larger, smaller);
    leaves[chosen] = openLeaf(left, leaf.start, middle, split.left, isLeftSmaller ? smaller : larger);
    leaves.push(openLeaf(right, middle, leaf.end, rightSums, isLeftSmaller ? larger : smaller));
  }

  const grown = leaves.map(({ node, start, end, sums, histogram }) => {
    workspace.histograms.push(histogram);
    const step = -sums.gradient / (sums.hessian + options.lambda * gradientScale);
    const value = Math.fround(options.learningRate * step);
    nodes.value[node] = value;
    return { start, end, value };
  });
  return { tree: truncate(nodes, size), leaves: grown };
}

/** Orders the rows of a leaf so that those going left come first, each side in its order. @returns where the right side begins. */
function partition(
  rows: Uint32Array,
  start: number,
  end: number,
  feature: BinnedFeature,
  split: Split,
  scratch: Uint32Array,
): number {
  const goesLeft = new Uint8Array(missingCode(feature) + 1).fill(1, 0, split.bin + 1);
  goesLeft[missingCode(feature)] = split.missingLeft ? 1 : 0;
  const { codes } = feature;
  let left = start;
  let right = 0;
  for (let i = start; i < end; i++) {
    const row = rows[i] as number;
    const isLeft = goesLeft[codes[row] as number] as number;
    rows[left] = row;
    scratch[right] = row;
    left += isLeft;
    right += 1 - isLeft;
  }
  rows.set(scratch.subarray(0, right), left);
  return left;
}

function createNodes(capacity: number): Tree {
  return {
    feature: new Int32Array(capacity).fill(-1),
    threshold: new Float32Array(capacity),
    missingLeft: new Uint8Array(capacity),
    left: new Int32Array(capacity).fill(-1),
    right: new Int32Array(capacity).fill(-1),
    value: new Float32Array(capacity),
    gain: new Float32Array(capacity),
    cover: new Float64Array(capacity),
  };
}

const truncate = (nodes: Tree, size: number): Tree =>
  Object.fromEntries(Object.entries(nodes).map(([name, values]) => [name, values.slice(0, size)])) as unknown as Tree;
