import type { FeatureProfile, ReferenceProfile } from "../models/profile.ts";
import { binomialSurvival } from "../statistics/beta.ts";
import { wilsonInterval } from "../statistics/intervals.ts";
import { type Finding, finding, leastRows, rateWithin, unjudgedFinding } from "./finding.ts";
import type { CountedRows } from "./window.ts";

/**
 * The share of source-data faults in a feature: missing values, and categories that training never saw or values outside
 * the range of training. A bound is the share that the reference's rate exceeds (or, for missing, undercuts) by chance
 * with the family's false-alarm rate: exact binomial, the reference's own sampling error included by taking its rate at
 * the far end of an interval of the same rate.
 */
export function createQuality(profile: ReferenceProfile) {
  const rate = rateWithin(2 * profile.features.length);
  // A bound depends on the number of rows alone, which is that of the full window nearly always.
  const bounds = new Map<string, { lower: number; upper: number }>();
  function boundsOf(name: string, reference: number, rows: number): { lower: number; upper: number } {
    const key = `${name} ${rows}`;
    let found = bounds.get(key);
    if (!found) {
      const believed = wilsonInterval(reference, profile.rows, 1 - 2 * rate);
      found = {
        lower: 1 - leastShare(rows, 1 - believed.lower, rate),
        upper: leastShare(rows, believed.upper, rate),
      };
      if (bounds.size > 10_000) bounds.clear();
      bounds.set(key, found);
    }
    return found;
  }

  return function featureQuality(column: number, window: CountedRows): Finding[] {
    const feature = profile.features[column] as FeatureProfile;
    const cells = window.counts(column);
    const bins = feature.counts.length;
    const share = (metric: string, count: number, reference: number, isTwoSided: boolean): Finding => {
      const base = { monitor: "quality", metric, feature: feature.name, rows: window.rows } as const;
      if (window.rows < leastRows) return unjudgedFinding(base, "insufficient");
      const bound = boundsOf(`${feature.name} ${metric}`, reference, window.rows);
      return finding({
        ...base,
        ...wilsonInterval(count, window.rows),
        ...(isTwoSided && { thresholdLower: bound.lower }),
        thresholdUpper: bound.upper,
        chance: isTwoSided ? 2 * rate : rate,
      });
    };
    const strangers = (cells[bins] as number) + (cells[bins + 1] as number);
    return [
      share("missing_ratio", cells[0] as number, feature.counts[0] as number, true),
      share(
        feature.kind === "categorical" ? "unseen_ratio" : "out_of_range_ratio",
        strangers,
        feature.strangers,
        false,
      ),
    ];
  };
}

/** The largest share of `rows` that still comes by chance, at a true rate, with more than the false-alarm rate. */
export function leastShare(rows: number, trueRate: number, falseAlarm: number): number {
  let low = 0;
  let high = rows + 1;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (binomialSurvival(middle, rows, trueRate) > falseAlarm) low = middle;
    else high = middle;
  }
  return low / rows;
}
