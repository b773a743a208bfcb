import { binLabels, intervalLabels, type ReferenceProfile } from "../models/profile.ts";

/** One bin of a distribution; shares 0–1. */
export interface BinShare {
  bin: string;
  reference: number;
  current: number;
}

/** The distributions of the window beside those of the reference: of every feature by name, and of the score. */
export interface Distributions {
  features: Map<string, BinShare[]>;
  score: BinShare[];
}

/** @param bins counts of the window by bin of each feature, then of the score */
export function distributionsOf(reference: ReferenceProfile, bins: readonly Float64Array[]): Distributions {
  const shares = (labels: readonly string[], before: readonly number[], now: Float64Array): BinShare[] => {
    const rows = now.reduce((sum, count) => sum + count, 0);
    const referenceRows = before.reduce((sum, count) => sum + count, 0);
    return labels.map((bin, i) => ({
      bin,
      reference: (before[i] as number) / referenceRows,
      current: rows === 0 ? 0 : (now[i] as number) / rows,
    }));
  };
  const { features, score } = reference;
  return {
    features: new Map(
      features.map((feature, f) => [feature.name, shares(binLabels(feature), feature.counts, bins[f] as Float64Array)]),
    ),
    score: shares(intervalLabels(score.edges), score.counts, bins[features.length] as Float64Array),
  };
}
