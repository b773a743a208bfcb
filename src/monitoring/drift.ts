import { binOfCell, cellCount, type FeatureProfile, type ReferenceProfile } from "../models/profile.ts";
import { populationStabilityIndex } from "../statistics/distance.ts";
import { type Finding, leastRows, rateWithin } from "./finding.ts";
import type { PsiThresholds } from "./thresholds.ts";
import { countCells, type Window } from "./window.ts";

const none = Number.NaN;

/** Counts by bin of the profile; missing and zero are bins of their own. */
export function countBins(profile: FeatureProfile, window: Window, column: number): Float64Array {
  const cells = countCells(window, column, cellCount(profile));
  const bins = new Float64Array(profile.counts.length);
  cells.forEach((count, cell) => {
    const bin = binOfCell(profile, cell);
    bins[bin] = (bins[bin] as number) + count;
  });
  return bins;
}

function judge(
  finding: Pick<Finding, "monitor" | "feature" | "rows">,
  reference: ArrayLike<number>,
  counts: Float64Array,
  threshold: () => number,
): Finding {
  const isEnough = finding.rows >= leastRows;
  return {
    ...finding,
    metric: "psi",
    value: isEnough ? populationStabilityIndex(reference, counts) : none,
    lower: none,
    upper: none,
    thresholdLower: none,
    thresholdUpper: isEnough ? threshold() : none,
    ...(!isEnough && { unjudged: "insufficient" as const }),
  };
}

/** PSI of one feature between the reference and the window; the threshold allows for all features being watched. */
export function featureDrift(
  profile: ReferenceProfile,
  column: number,
  window: Window,
  thresholds: PsiThresholds,
): Finding {
  const feature = profile.features[column] as FeatureProfile;
  return judge(
    { monitor: "drift", feature: feature.name, rows: window.rows },
    feature.counts,
    countBins(feature, window, column),
    () => thresholds.get(feature.name, feature.counts, window.rows, rateWithin(profile.features.length)),
  );
}

/** PSI of the predicted probabilities between the reference and the window. */
export function predictionDrift(profile: ReferenceProfile, window: Window, thresholds: PsiThresholds): Finding {
  const { counts } = profile.score;
  return judge(
    { monitor: "prediction", feature: null, rows: window.rows },
    counts,
    countCells(window, profile.features.length, counts.length),
    () => thresholds.get("__score__", counts, window.rows, rateWithin(1)),
  );
}
