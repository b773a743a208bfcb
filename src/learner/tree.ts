import type { Crew } from "./crew.ts";
import type { Tree } from "./model.ts";
import type { LearnerParameters } from "./parameters.ts";
import { joinChunks } from "./partition.ts";
import { candidate } from "./split.ts";
import { phase } from "./tasks.ts";
import { binCount, chunkRows, cutsOf, featureCount, type Workspace } from "./workspace.ts";

/** Sums over rows, in quanta. */
interface Sums {
  gradient: number;
  hessian: number;
}

/** The sums are those of the left side. */
interface Split extends Sums {
  feature: number;
  bin: number;
  missingLeft: boolean;
  gain: number;
}

interface Leaf extends Sums {
  node: number;
  /** Its rows in `workspace.order`, and its histogram. */
  start: number;
  end: number;
  histogram: number;
  split: Split | null;
}

const leastGain = 1e-9;
// Waking a thread costs as much as some ten thousand cells.
const cellsWorthSharing = 50_000;
// Everything that is not missing is at most this.
const largest = 3.4028234663852886e38;

/**
 * Grows a tree leaf by leaf, the split with the largest gain first, on the first `rows` of `workspace.order` with the features
 * in `workspace.used`. Leaves the tree in `workspace.tree`, and which rows ended where in `workspace.leaf…`.
 */
export function growTree(
  workspace: Workspace,
  crew: Crew,
  rows: number,
  usedCount: number,
  { maxLeaves, learningRate }: LearnerParameters,
): { tree: Tree; leafCount: number } {
  const { tree: nodes, splitOptions, scale } = workspace;
  const gain = new Float32Array(nodes.feature.length);
  const cover = new Float64Array(nodes.feature.length);
  const threshold = new Float32Array(nodes.feature.length);
  nodes.feature.fill(-1);
  nodes.left.fill(-1);
  nodes.right.fill(-1);

  cover[0] = rows;
  fillHistograms(workspace, crew, usedCount, { start: 0, end: rows }, 0, -1);
  const all = sumsOf(workspace);
  const leaves: Leaf[] = [
    { node: 0, start: 0, end: rows, histogram: 0, ...all, split: bestSplit(workspace, usedCount, 0, all) },
  ];
  let size = 1;
  while (leaves.length < maxLeaves) {
    const chosen = leaves.reduce(
      (best, leaf, i) => ((leaf.split?.gain ?? 0) > (leaves[best]?.split?.gain ?? 0) ? i : best),
      0,
    );
    const parent = leaves[chosen] as Leaf;
    const { split, node, start, end } = parent;
    if (!split) break;
    const middle = partition(workspace, crew, parent, split);
    const { gradient, hessian } = split;
    const left: Leaf = {
      gradient,
      hessian,
      node: size++,
      start,
      end: middle,
      histogram: parent.histogram,
      split: null,
    };
    const right: Leaf = {
      ...left,
      gradient: parent.gradient - gradient,
      hessian: parent.hessian - hessian,
      node: size++,
      start: middle,
      end,
    };
    nodes.feature[node] = split.feature;
    nodes.bin[node] = split.bin;
    nodes.missingLeftCode[node] = split.missingLeft ? binCount(workspace, split.feature) - 1 : -1;
    nodes.left[node] = left.node;
    nodes.right[node] = right.node;
    threshold[node] = cutsOf(workspace, split.feature)[split.bin] ?? largest;
    gain[node] = split.gain / scale;
    cover[left.node] = middle - start;
    cover[right.node] = end - middle;
    leaves[chosen] = left;
    leaves.push(right);
    // The leaves of a full tree are not split, so nobody asks for their histograms.
    if (leaves.length === maxLeaves) break;

    const [smaller, larger] = middle - start <= end - middle ? [left, right] : [right, left];
    smaller.histogram = leaves.length - 1;
    fillHistograms(workspace, crew, usedCount, smaller, smaller.histogram, larger.histogram);
    smaller.split = bestSplit(workspace, usedCount, 0, smaller);
    larger.split = bestSplit(workspace, usedCount, 1, larger);
  }

  leaves.forEach(({ node, start, end, gradient, hessian }, i) => {
    const step = -gradient / (hessian + splitOptions.penalty);
    nodes.value[node] = hessian > 0 ? learningRate * step : 0;
    workspace.leafStarts[i] = start;
    workspace.leafEnds[i] = end;
    workspace.leafNodes[i] = node;
  });
  const tree = {
    feature: nodes.feature.slice(0, size),
    threshold: threshold.slice(0, size),
    missingLeft: Uint8Array.from({ length: size }, (_, node) =>
      (nodes.feature[node] as number) >= 0 && (nodes.missingLeftCode[node] as number) >= 0 ? 1 : 0,
    ),
    left: nodes.left.slice(0, size),
    right: nodes.right.slice(0, size),
    value: nodes.value.map((value, node) => ((nodes.feature[node] as number) < 0 ? value : 0)).slice(0, size),
    gain: gain.slice(0, size),
    cover: cover.slice(0, size),
  };
  return { tree, leafCount: leaves.length };
}

/** Sums the smaller of two leaves, makes the larger of the parent's histogram, and finds the splits of both. */
function fillHistograms(
  workspace: Workspace,
  crew: Crew,
  usedCount: number,
  { start, end }: { start: number; end: number },
  smaller: number,
  parent: number,
): void {
  workspace.details.set([start, end, smaller, parent, usedCount]);
  const isAll = end - start === workspace.train.rows;
  if (!isAll) crew.run(phase.order, Math.ceil((end - start) / chunkRows), end - start > cellsWorthSharing);
  crew.run(phase.histogram, Math.ceil(usedCount / 2), (end - start) * usedCount > cellsWorthSharing);
}

/** Sums of the root, which the bins of every feature add up to. */
function sumsOf({ candidates, used }: Workspace): Sums {
  const place = candidate.size * (used[0] as number);
  return {
    gradient: candidates[place + candidate.gradient] as number,
    hessian: candidates[place + candidate.hessian] as number,
  };
}

/** The best of the features' splits of a leaf, of equal ones the first; null when none gains anything. */
function bestSplit(workspace: Workspace, usedCount: number, leaf: 0 | 1, { gradient, hessian }: Sums): Split | null {
  const { candidates, used, splitOptions, scale } = workspace;
  const at = (feature: number, name: keyof typeof candidate): number =>
    candidates[candidate.size * (leaf * featureCount(workspace) + feature) + candidate[name]] as number;
  let feature = used[0] as number;
  for (let i = 1; i < usedCount; i++) {
    const other = used[i] as number;
    if (at(other, "score") > at(feature, "score")) feature = other;
  }
  const gain = at(feature, "score") - (gradient * gradient) / (hessian + splitOptions.penalty);
  if (at(feature, "score") < 0 || gain <= leastGain * scale) return null;
  return {
    feature,
    bin: at(feature, "bin"),
    missingLeft: at(feature, "missingLeft") === 1,
    gain,
    gradient: at(feature, "leftGradient"),
    hessian: at(feature, "leftHessian"),
  };
}

/** Orders the rows of a leaf so that those going left come first. @returns where the right side begins */
function partition(
  workspace: Workspace,
  crew: Crew,
  { start, end }: Leaf,
  { feature, bin, missingLeft }: Split,
): number {
  const { order, scratch, goesLeft, leftCounts, details } = workspace;
  goesLeft.fill(0).fill(1, 0, bin + 1);
  goesLeft[binCount(workspace, feature) - 1] = missingLeft ? 1 : 0;
  details.set([start, end, feature]);
  crew.run(phase.partition, Math.ceil((end - start) / chunkRows), end - start > cellsWorthSharing);
  return joinChunks(order, start, end, chunkRows, leftCounts, scratch);
}
