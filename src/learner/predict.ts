import type { BoostedTrees, Tree } from "./model.ts";

/**
 * Adds what one tree says of every row to `scores`.
 * @param features by column, float32, NaN for missing
 */
export function addTree(tree: Tree, features: readonly Float32Array[], scores: Float64Array): void {
  const { feature, threshold, missingLeft, left, right, value } = tree;
  for (let row = 0; row < scores.length; row++) {
    let node = 0;
    let column = feature[0] as number;
    while (column >= 0) {
      const x = (features[column] as Float32Array)[row] as number;
      const isLeft = x <= (threshold[node] as number) || (Number.isNaN(x) && missingLeft[node] === 1);
      node = (isLeft ? left[node] : right[node]) as number;
      column = feature[node] as number;
    }
    scores[row] = (scores[row] as number) + (value[node] as number);
  }
}

/**
 * Raw scores (log-odds) of rows: the base score and the leaf values of all trees, summed in float64.
 * @param features by column, in the order of the model's features
 */
export function rawScores(model: BoostedTrees, features: readonly Float32Array[]): Float64Array {
  const scores = new Float64Array(features[0]?.length ?? 0).fill(model.baseScore);
  for (const tree of model.trees) addTree(tree, features, scores);
  return scores;
}
