import { binLabels, intervalLabels, type ReferenceProfile } from "../models/profile.ts";
import { total } from "../statistics/distance.ts";

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

/** Counts by bin as shares, beside those of a reference; all 0 on a side without any. */
export function sharesOf(
  labels: readonly string[],
  reference: ArrayLike<number>,
  current: ArrayLike<number>,
): BinShare[] {
  const [before, now] = [total(reference), total(current)];
  const share = (counts: ArrayLike<number>, bin: number, rows: number) =>
    rows > 0 ? (counts[bin] as number) / rows : 0;
  return labels.map((bin, i) => ({ bin, reference: share(reference, i, before), current: share(current, i, now) }));
}

/** @param bins counts of the window by bin of each feature, then of the score */
export function distributionsOf(reference: ReferenceProfile, bins: readonly Float64Array[]): Distributions {
  const { features, score } = reference;
  return {
    features: new Map(
      features.map((feature, f) => [
        feature.name,
        sharesOf(binLabels(feature), feature.counts, bins[f] as Float64Array),
      ]),
    ),
    score: sharesOf(intervalLabels(score.edges), score.counts, bins[features.length] as Float64Array),
  };
}
