import { histogramStride, largestQuanta } from "./histogram.ts";
import type { LearnerParameters } from "./parameters.ts";
import type { LabelledRows } from "./rows.ts";
import { candidate, type SplitOptions } from "./split.ts";

/** Rows as the threads see them. */
export interface Part {
  rows: number;
  /** A byte a row and feature, by column. */
  codes: readonly Uint8Array[];
  labels: Uint8Array;
  weights: Float32Array | null;
  /** Raw scores; before the first round, room for two columns on their way to their codes. */
  scores: Float64Array;
  /** Sums of the log loss by chunk of rows: added up in the order of the chunks, whoever computed them. */
  losses: Float64Array;
}

/** The tree that is growing, by node. */
export interface GrowingTree {
  feature: Int32Array;
  /** Codes up to this go left, and the code that equals `missingLeftCode`. */
  bin: Int32Array;
  missingLeftCode: Int32Array;
  left: Int32Array;
  right: Int32Array;
  value: Float32Array;
}

/** Everything that the threads share: typed arrays over shared memory, made once for a fit. */
export interface Workspace {
  train: Part;
  validation: Part | null;
  /** Upper edges of the intervals, 255 places a feature; `cutCounts` of them in use. */
  cuts: Float32Array;
  cutCounts: Int32Array;
  maxIntervals: number;
  /** By feature, of the training rows; and the first row, in either part, with an infinite value, −1 without one. */
  missingCounts: Int32Array;
  infiniteRows: Int32Array;
  packed: Float64Array;
  /** The packed gradients of the leaf that is being summed, in its order. */
  ordered: Float64Array;
  scale: number;
  splitOptions: SplitOptions;
  /** Row numbers in the order of the leaves, and room of the same size to order them. */
  order: Int32Array;
  scratch: Int32Array;
  leftCounts: Int32Array;
  goesLeft: Uint8Array;
  /** A histogram for every leaf that is open. */
  histograms: Float64Array;
  /** Features in use for this tree, and the best split of each for the two leaves just made. */
  used: Int32Array;
  candidates: Float64Array;
  tree: GrowingTree;
  leafStarts: Int32Array;
  leafEnds: Int32Array;
  leafNodes: Int32Array;
  /** What a phase is about; see tasks.ts. */
  details: Int32Array;
}

export const chunkRows = 16_384;
export const cutStride = 255;
export const detailCount = 8;

const chunksOf = (rows: number): number => Math.ceil(rows / chunkRows);
const uint8 = (length: number) => new Uint8Array(new SharedArrayBuffer(length));
const int32 = (length: number) => new Int32Array(new SharedArrayBuffer(4 * length));
const float32 = (length: number) => new Float32Array(new SharedArrayBuffer(4 * length));
const float64 = (length: number) => new Float64Array(new SharedArrayBuffer(8 * length));

function createPart({ features, labels, weights }: LabelledRows): Part {
  const rows = labels.length;
  const part = {
    rows,
    codes: features.map(() => uint8(rows)),
    labels: uint8(rows),
    weights: weights ? float32(rows) : null,
    scores: float64(rows),
    losses: float64(chunksOf(rows)),
  };
  part.labels.set(labels);
  if (weights) part.weights?.set(weights);
  return part;
}

/** Bytes that a fit takes beside the rows given to it. */
export function estimateMemory(
  train: LabelledRows,
  validation: LabelledRows | null,
  { maxLeaves }: LearnerParameters,
): number {
  const partBytes = ({ features, labels, weights }: LabelledRows) =>
    labels.length * (features.length + 1 + 8 + (weights ? 4 : 0));
  const own = train.labels.length * (8 + 8 + 4 + 4);
  const histograms = 8 * histogramStride * train.features.length * maxLeaves;
  return partBytes(train) + own + (validation ? partBytes(validation) : 0) + histograms;
}

export function createWorkspace(
  train: LabelledRows,
  validation: LabelledRows | null,
  { maxLeaves, maxBins, lambda, minChildWeight }: LearnerParameters,
): Workspace {
  const rows = train.labels.length;
  const features = train.features.length;
  const nodes = 2 * maxLeaves - 1;
  const heaviest = train.weights?.reduce((most, weight) => Math.max(most, weight), 0) ?? 1;
  const scale = largestQuanta / heaviest;
  return {
    train: createPart(train),
    validation: validation && createPart(validation),
    cuts: float32(cutStride * features),
    cutCounts: int32(features),
    maxIntervals: maxBins - 1,
    missingCounts: int32(features),
    infiniteRows: int32(2 * features).fill(-1),
    packed: float64(rows),
    ordered: float64(rows),
    scale,
    splitOptions: { penalty: lambda * scale, least: minChildWeight * scale },
    order: int32(rows),
    scratch: int32(rows),
    leftCounts: int32(chunksOf(rows)),
    goesLeft: uint8(256),
    histograms: float64(histogramStride * features * maxLeaves),
    used: int32(features),
    candidates: float64(2 * features * candidate.size),
    tree: {
      feature: int32(nodes),
      bin: int32(nodes),
      missingLeftCode: int32(nodes),
      left: int32(nodes),
      right: int32(nodes),
      value: float32(nodes),
    },
    leafStarts: int32(maxLeaves),
    leafEnds: int32(maxLeaves),
    leafNodes: int32(maxLeaves),
    details: int32(detailCount),
  };
}

export const featureCount = ({ cutCounts }: Workspace): number => cutCounts.length;
export const cutsOf = ({ cuts, cutCounts }: Workspace, feature: number): Float32Array =>
  cuts.subarray(cutStride * feature, cutStride * feature + (cutCounts[feature] as number));
/** Bins of a feature: its intervals, and the last for missing. */
export const binCount = ({ cutCounts }: Workspace, feature: number): number => (cutCounts[feature] as number) + 2;
export const histogramOffset = (workspace: Workspace, leaf: number, feature: number): number =>
  histogramStride * (leaf * featureCount(workspace) + feature);
