/**
 * One binary tree in flat arrays, node 0 its root. A row goes left when its value is `<= threshold`
 * (float32 comparison), or when it is missing (NaN) and `missingLeft` is 1. `feature` is −1 at a leaf.
 */
export interface Tree {
  feature: Int32Array;
  threshold: Float32Array;
  missingLeft: Uint8Array;
  left: Int32Array;
  right: Int32Array;
  /** Raw score (log-odds) added by a leaf, learning rate included; 0 at inner nodes. */
  value: Float32Array;
  /** Loss reduction of the split (0 at leaves). */
  gain: Float32Array;
  /** Training rows that reached the node. */
  cover: Float64Array;
}

/** An additive model of the log-odds: raw score = baseScore + Σ leaf values. */
export interface BoostedTrees {
  featureNames: readonly string[];
  baseScore: number;
  trees: readonly Tree[];
}
