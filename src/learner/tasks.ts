import { codeValues, findCuts } from "./binning.ts";
import { packGradients, sumLogLoss } from "./gradients.ts";
import { fillHistogram, type Slot, subtractHistogram } from "./histogram.ts";
import { partitionChunk } from "./partition.ts";
import { candidate, findSplit } from "./split.ts";
import {
  binCount,
  chunkRows,
  cutStride,
  cutsOf,
  featureCount,
  histogramOffset,
  type Part,
  type Workspace,
} from "./workspace.ts";

/** Kinds of work that is shared out. Tasks of one phase write to different places, so any thread may do any of them. */
export const phase = {
  code: 0,
  gradients: 1,
  order: 2,
  histogram: 3,
  partition: 4,
  addLeaves: 5,
  walk: 6,
} as const;
export type Phase = (typeof phase)[keyof typeof phase];

const tasks: Record<Phase, (workspace: Workspace, task: number) => void> = {
  [phase.code]: codeColumn,
  [phase.gradients]: packChunk,
  [phase.order]: orderChunk,
  [phase.histogram]: fillPair,
  [phase.partition]: partitionTask,
  [phase.addLeaves]: addLeaf,
  [phase.walk]: walkChunk,
};

/** Does one task of a phase. `workspace.details` says, from place 0 on, what the phase is about. */
export function doTask(workspace: Workspace, kind: Phase, task: number): void {
  tasks[kind](workspace, task);
}

const partOf = ({ train, validation, details }: Workspace): Part =>
  details[0] === 0 || !validation ? train : validation;

/** Details: part, first feature. Task: which of the two columns that lie where the scores will be. */
function codeColumn(workspace: Workspace, task: number): void {
  const { cuts, cutCounts, maxIntervals, missingCounts, infiniteRows, details } = workspace;
  const part = partOf(workspace);
  const feature = (details[1] as number) + task;
  const values = new Float32Array(part.scores.buffer, 4 * part.rows * task, part.rows);
  const isTrain = part === workspace.train;
  if (isTrain) {
    const found = findCuts(values, maxIntervals);
    cuts.set(found, cutStride * feature);
    cutCounts[feature] = found.length;
  }
  const { missing, infiniteRow } = codeValues(values, cutsOf(workspace, feature), part.codes[feature] as Uint8Array);
  if (isTrain) missingCounts[feature] = missing;
  infiniteRows[2 * feature + (isTrain ? 0 : 1)] = infiniteRow;
}

/** Task: a chunk of the training rows. */
function packChunk({ train, packed, scale }: Workspace, task: number): void {
  const from = task * chunkRows;
  const to = Math.min(train.rows, from + chunkRows);
  train.losses[task] = packGradients(train.scores, train.labels, train.weights, scale, packed, from, to);
}

/** Details: start and end of a leaf in the order. Task: a chunk of it, whose gradients are put in the order of its rows. */
function orderChunk({ packed, ordered, order, details }: Workspace, task: number): void {
  const start = details[0] as number;
  const end = details[1] as number;
  const from = task * chunkRows;
  const to = Math.min(end - start, from + chunkRows);
  for (let i = from; i < to; i++) ordered[i] = packed[order[start + i] as number] as number;
}

/**
 * Details: start and end of the smaller leaf in the order, its histogram, the parent's (−1 for the root), features in use.
 * Task: a pair of features. The smaller leaf is summed, the larger is the parent less the smaller; both are searched.
 */
function fillPair(workspace: Workspace, task: number): void {
  const { histograms, train, packed, ordered, order, used, details, candidates, splitOptions } = workspace;
  const start = details[0] as number;
  const end = details[1] as number;
  const smaller = details[2] as number;
  const parent = details[3] as number;
  const usedCount = details[4] as number;
  const slotOf = (place: number): Slot => {
    const feature = used[place] as number;
    return {
      codes: train.codes[feature] as Uint8Array,
      offset: histogramOffset(workspace, smaller, feature),
      bins: binCount(workspace, feature),
    };
  };
  const first = 2 * task;
  const slots = [slotOf(first), first + 1 < usedCount ? slotOf(first + 1) : null] as const;
  if (end - start === train.rows) fillHistogram(histograms, slots[0], slots[1], null, start, end, packed);
  else fillHistogram(histograms, slots[0], slots[1], order, start, end, ordered);
  slots.forEach((slot, i) => {
    if (!slot) return;
    const feature = used[first + i] as number;
    const { offset, bins } = slot;
    findSplit(histograms, offset, bins, splitOptions, candidates, candidate.size * feature);
    if (parent < 0) return;
    const parentOffset = histogramOffset(workspace, parent, feature);
    subtractHistogram(histograms, parentOffset, offset, bins);
    const place = candidate.size * (featureCount(workspace) + feature);
    findSplit(histograms, parentOffset, bins, splitOptions, candidates, place);
  });
}

/** Details: start and end of the leaf in the order, feature. Task: a chunk of the leaf. */
function partitionTask({ train, order, scratch, goesLeft, leftCounts, details }: Workspace, task: number): void {
  const start = details[0] as number;
  const end = details[1] as number;
  const feature = details[2] as number;
  const from = start + task * chunkRows;
  const to = Math.min(end, from + chunkRows);
  leftCounts[task] = partitionChunk(order, from, to, train.codes[feature] as Uint8Array, goesLeft, scratch);
}

/** Task: a leaf of the grown tree, whose value its rows get. */
function addLeaf({ train, order, tree, leafStarts, leafEnds, leafNodes }: Workspace, task: number): void {
  const { scores } = train;
  const value = tree.value[leafNodes[task] as number] as number;
  const end = leafEnds[task] as number;
  for (let i = leafStarts[task] as number; i < end; i++) {
    const row = order[i] as number;
    scores[row] = (scores[row] as number) + value;
  }
}

/** Details: part. Task: a chunk of its rows, which are walked down the grown tree. */
function walkChunk(workspace: Workspace, task: number): void {
  const part = partOf(workspace);
  const { codes, scores, labels, weights, losses } = part;
  const { feature, bin, missingLeftCode, left, right, value } = workspace.tree;
  const from = task * chunkRows;
  const to = Math.min(part.rows, from + chunkRows);
  for (let row = from; row < to; row++) {
    let node = 0;
    let column = feature[0] as number;
    while (column >= 0) {
      const code = (codes[column] as Uint8Array)[row] as number;
      node = (code <= (bin[node] as number) || code === missingLeftCode[node] ? left[node] : right[node]) as number;
      column = feature[node] as number;
    }
    scores[row] = (scores[row] as number) + (value[node] as number);
  }
  losses[task] = sumLogLoss(scores, labels, weights, from, to);
}
