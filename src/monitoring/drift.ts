import { binOfCell, type FeatureProfile, type ReferenceProfile } from "../models/profile.ts";
import { populationStabilityIndex } from "../statistics/distance.ts";
import { type Finding, finding, leastRows, rateWithin, unjudgedFinding } from "./finding.ts";
import type { PsiThresholds } from "./thresholds.ts";
import type { CountedRows } from "./window.ts";

/** Counts by bin of the profile; missing and zero are bins of their own. */
export function countBins(profile: FeatureProfile, cells: Float64Array): Float64Array {
  const bins = new Float64Array(profile.counts.length);
  cells.forEach((count, cell) => {
    const bin = binOfCell(profile, cell);
    bins[bin] = (bins[bin] as number) + count;
  });
  return bins;
}

/** PSI of one feature between the reference and the window; the threshold allows for all features being watched. */
export function featureDrift(
  profile: ReferenceProfile,
  column: number,
  window: CountedRows,
  thresholds: PsiThresholds,
): Finding {
  const feature = profile.features[column] as FeatureProfile;
  const bins = countBins(feature, window.counts(column));
  return psiFinding("drift", feature.name, feature.counts, bins, thresholds, rateWithin(profile.features.length));
}

/** PSI of the predicted probabilities between the reference and the window. */
export function predictionDrift(profile: ReferenceProfile, window: CountedRows, thresholds: PsiThresholds): Finding {
  const scores = window.counts(profile.features.length);
  return psiFinding("prediction", null, profile.score.counts, scores, thresholds, rateWithin(1));
}

function psiFinding(
  monitor: "drift" | "prediction",
  feature: string | null,
  reference: ArrayLike<number>,
  bins: Float64Array,
  thresholds: PsiThresholds,
  rate: number,
): Finding {
  const rows = bins.reduce((sum, count) => sum + count, 0);
  const base = { monitor, metric: "psi", feature, rows } as const;
  if (rows < leastRows) return unjudgedFinding(base, "insufficient");
  return finding({
    ...base,
    value: populationStabilityIndex(reference, bins),
    thresholdUpper: thresholds.get(feature, reference, rows, rate),
    chance: rate,
  });
}
