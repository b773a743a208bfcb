import type { Manifest } from "../models/manifest.ts";
import { normalQuantile } from "../statistics/distributions.ts";
import { type NullDistribution, nullThreshold } from "../statistics/null-distribution.ts";
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
 * What a mean |SHAP value| does by chance: the difference of two means, with the third cumulant of a law whose large values are
 * rare (Pearson type III).
 */
export function attributionLaw(
  { mean, standardDeviation, skewness }: { mean: number; standardDeviation: number; skewness: number },
  rows: number,
  referenceRows: number,
): NullDistribution {
  const spread = 1 / rows + 1 / referenceRows;
  return {
    draws: new Float64Array(),
    mean,
    standardDeviation: standardDeviation * Math.sqrt(spread),
    skewness: Math.max(0, (skewness * (1 / rows ** 2 - 1 / referenceRows ** 2)) / spread ** 1.5),
  };
}

/**
 * Whether the predictions lean on their features as they did: mean |SHAP value| of each against the reference. The lower bound is
 * that of a normal law, which is further away than that of a skewed one. Nothing for a model without trees.
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
    const law = attributionLaw(usual, rows, attribution.rows);
    return finding({
      ...base,
      value: window.mean(f),
      thresholdLower: Math.max(0, law.mean - z * law.standardDeviation),
      thresholdUpper: law.standardDeviation > 0 ? nullThreshold(law, rate / 2) : law.mean,
      chance: rate,
    });
  });
}
