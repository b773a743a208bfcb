import type { BoostedTrees } from "./model.ts";

/**
 * Gain importance: the share of every feature in the reduction of the training loss by all splits, 0–1. The shares add up to
 * 1, or are all 0 when no tree has a split.
 * Source: Hastie, Tibshirani & Friedman, "The Elements of Statistical Learning" (2009), 10.13.1.
 */
export function gainImportance({ featureNames, trees }: BoostedTrees): Record<string, number> {
  const gains = new Float64Array(featureNames.length);
  for (const tree of trees) {
    tree.feature.forEach((feature, node) => {
      if (feature >= 0) gains[feature] = (gains[feature] as number) + (tree.gain[node] as number);
    });
  }
  const total = gains.reduce((sum, gain) => sum + gain, 0);
  return Object.fromEntries(featureNames.map((name, f) => [name, total > 0 ? (gains[f] as number) / total : 0]));
}
