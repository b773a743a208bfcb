import type { BoostedTrees } from "./model.ts";

/** Share of every feature in the reduction of the training loss, 0–1; they add up to 1, or are all 0 without a split. */
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
