import { binOfCell, type FeatureProfile, type ReferenceProfile } from "../models/profile.ts";
import { populationStabilityIndex, total } from "../statistics/distance.ts";
import { holmLevels } from "../statistics/multiplicity.ts";
import { type Finding, falseAlarmRate, finding, leastRows, unjudgedFinding } from "./finding.ts";
import type { Law, PsiThresholds } from "./thresholds.ts";
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

/**
 * PSI of every feature between the reference and the window. The thresholds allow for all features being watched (Holm): that of
 * the feature least likely to be undisturbed is for all of them, the next for one less if that one is out, and so on.
 */
export function featureDrift(profile: ReferenceProfile, window: CountedRows, thresholds: PsiThresholds): Finding[] {
  const read = profile.features.map((feature, column) =>
    readPsi("drift", feature.name, feature.counts, countBins(feature, window.counts(column)), thresholds),
  );
  const levels = holmLevels(
    read.map(({ law, value }) => law.chance(value)),
    falseAlarmRate,
  );
  return read.map((psi, column) => judgeable(psi, levels[column] as number));
}

/** PSI of the predicted probabilities between the reference and the window. */
export function predictionDrift(profile: ReferenceProfile, window: CountedRows, thresholds: PsiThresholds): Finding {
  const scores = window.counts(profile.features.length);
  return judgeable(readPsi("prediction", null, profile.score.counts, scores, thresholds), falseAlarmRate);
}

interface Psi {
  monitor: "drift" | "prediction";
  feature: string | null;
  rows: number;
  value: number;
  law: Law;
}

function readPsi(
  monitor: Psi["monitor"],
  feature: string | null,
  reference: ArrayLike<number>,
  bins: Float64Array,
  thresholds: PsiThresholds,
): Psi {
  const rows = total(bins);
  const value = rows < leastRows ? Number.NaN : populationStabilityIndex(reference, bins);
  return { monitor, feature, rows, value, law: thresholds(feature, reference, Math.max(rows, leastRows)) };
}

function judgeable({ monitor, feature, rows, value, law }: Psi, rate: number): Finding {
  const base = { monitor, metric: "psi", feature, rows } as const;
  if (rows < leastRows) return unjudgedFinding(base, "insufficient");
  return finding({ ...base, value, thresholdUpper: law.threshold(rate), chance: rate });
}
