import { AppError } from "../errors.ts";
import type { BoostedTrees, Tree } from "./model.ts";

// So many rows of some columns stay in the processor's cache while all trees look at them.
const blockRows = 4096;

/**
 * Raw scores (log-odds) of rows: the base score and the float32 leaf values of all trees, summed in float64.
 * @param features by column, float32, NaN for missing, in the order of the model's features
 * @param out one place a row, written and returned; made when absent
 * @throws AppError `invalid_input` when the columns are not those of the model, or differ in length
 */
export function rawScores(model: BoostedTrees, features: readonly Float32Array[], out?: Float64Array): Float64Array {
  const { featureNames, baseScore, trees } = model;
  if (features.length !== featureNames.length) {
    throw new AppError("invalid_input", `${features.length} columns for a model of ${featureNames.length} features`);
  }
  const rows = features[0]?.length ?? 0;
  const scores = out ?? new Float64Array(rows);
  const odd = features.findIndex((values) => values.length !== rows);
  if (odd >= 0 || scores.length !== rows) {
    const [name, length] = odd >= 0 ? [featureNames[odd], features[odd]?.length] : ["of scores", scores.length];
    throw new AppError("invalid_input", `column ${name} has ${length} places for ${rows} rows`);
  }
  scores.fill(baseScore);
  for (let from = 0; from < rows; from += blockRows) {
    const to = Math.min(rows, from + blockRows);
    for (const tree of trees) addTree(tree, features, scores, from, to);
  }
  return scores;
}

function addTree(
  { feature, threshold, missingLeft, left, right, value }: Tree,
  features: readonly Float32Array[],
  scores: Float64Array,
  from: number,
  to: number,
): void {
  for (let row = from; row < to; row++) {
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
