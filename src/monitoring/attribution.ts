import type { Manifest } from "../models/manifest.ts";
import { normalQuantile } from "../statistics/distributions.ts";
import { type Finding, finding, leastRows, rateWithin, unjudgedFinding } from "./finding.ts";

/** Explained predictions that are kept. */
const kept = 500;

export type AttributionWindow = ReturnType<typeof createAttributionWindow>;

/** How much each feature moved the newest explained predictions: |SHAP value|, calibrated log-odds. */
export function createAttributionWindow(width: number) {
  const sizes = new Float64Array(kept * width);
  const sums = new Float64Array(width);
  let rows = 0;
  let next = 0;
  return {
    get rows(): number {
      return rows;
    },
    /** Mean |SHAP value| of a feature. */
    mean: (feature: number): number => (sums[feature] as number) / rows,
    add(contributions: ArrayLike<number>): void {
      for (let f = 0; f < width; f++) {
        const place = next * width + f;
        const size = Math.abs(contributions[f] as number);
        sums[f] = (sums[f] as number) + size - (rows === kept ? (sizes[place] as number) : 0);
        sizes[place] = size;
      }
      rows = Math.min(kept, rows + 1);
      next = (next + 1) % kept;
    },
  };
}

/**
 * Whether the predictions lean on their features as they did: mean |SHAP value| of each against the reference, with a normal
 * bound for the difference of two means. Nothing for a model without trees.
 */
export function attributionFindings(window: AttributionWindow, { attribution, features }: Manifest): Finding[] {
  if (!attribution) return [];
  const { rows } = window;
  const rate = rateWithin(features.length);
  const z = normalQuantile(1 - rate / 2);
  return features.map(({ name }, f) => {
    const base = { monitor: "attribution", metric: "mean_contribution", feature: name, rows } as const;
    const usual = attribution.features[name];
    if (rows < leastRows || !usual) return unjudgedFinding(base, "insufficient");
    const spread = z * usual.standardDeviation * Math.sqrt(1 / rows + 1 / attribution.rows);
    return finding({
      ...base,
      value: window.mean(f),
      thresholdLower: Math.max(0, usual.mean - spread),
      thresholdUpper: usual.mean + spread,
      chance: rate,
    });
  });
}
