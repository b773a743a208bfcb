import type { Manifest } from "../models/manifest.ts";
import { intervalLabels, intervalOf } from "../models/profile.ts";
import { normalQuantile } from "../statistics/distributions.ts";
import { type NullDistribution, nullThreshold } from "../statistics/null-distribution.ts";
import { sharesOf } from "./distributions.ts";
import {
  type Evidence,
  type Finding,
  finding,
  leastRows,
  rateWithin,
  unjudgedFinding,
  withEvidence,
} from "./finding.ts";

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
    /** How many |SHAP values| of a feature lie in each of the intervals that ascending edges cut. */
    count(feature: number, edges: readonly number[]): Float64Array {
      const counts = new Float64Array(edges.length + 1);
      for (let row = 0; row < rows; row++) {
        const interval = intervalOf(edges, sizes[row * width + feature] as number);
        counts[interval] = (counts[interval] as number) + 1;
      }
      return counts;
    },
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
 * What the mean |SHAP value| of a window does by chance: the law of the difference of two means, with the third cumulant of
 * values of which large ones are rare (Pearson type III). The reference's mean and standard deviation err together where values
 * are skewed, both too small when few large ones were drawn; to first order that moves the mean by half a skewness / rows and adds
 * to the third cumulant, as for Student's t of a skewed law.
 *
 * Validity: over references of 2,000 rows and windows of 500, a stated rate of 0.001 is exceeded at 0.0011 on average of the
 * features, at 0.0015 with a skewness of 10 (`bun run bench monitors --only laws`); for one reference it may be ten times that.
 * Source: Johnson, "Modified t tests and confidence intervals for asymmetrical populations" (1978).
 * @param usual moments of the reference's values
 * @param rows, referenceRows values behind the two means
 */
export function attributionLaw(
  { mean, standardDeviation, skewness }: { mean: number; standardDeviation: number; skewness: number },
  rows: number,
  referenceRows: number,
): NullDistribution {
  const spread = 1 / rows + 1 / referenceRows;
  // A law with a lighter upper tail than the normal one is never assumed.
  const skewed = Math.max(0, skewness);
  const third = 1 / rows ** 2 + 3 / (rows * referenceRows) + 2 / referenceRows ** 2;
  return {
    draws: new Float64Array(),
    mean: mean + (skewed * standardDeviation) / (2 * referenceRows),
    standardDeviation: standardDeviation * Math.sqrt(spread),
    skewness: (skewed * third) / spread ** 1.5,
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
    const found = finding({
      ...base,
      value: window.mean(f),
      thresholdLower: Math.max(0, usual.mean - z * law.standardDeviation),
      thresholdUpper: law.standardDeviation > 0 ? nullThreshold(law, rate / 2) : law.mean,
      chance: rate,
    });
    const { bins } = usual;
    return bins ? withEvidence(found, () => contributionEvidence(bins, window.count(f, bins.edges))) : found;
  });
}

const contributionEvidence = (
  { edges, counts }: { edges: readonly number[]; counts: readonly number[] },
  current: Float64Array,
): Evidence => ({
  about: "the newest explained predictions by how much the field contributed (log-odds), beside those of the holdout",
  bins: sharesOf(intervalLabels(edges), counts, current),
});
