import { cellCount, type FeatureProfile, type ReferenceProfile } from "../models/profile.ts";
import { binomialSurvival } from "../statistics/beta.ts";
import { wilsonInterval } from "../statistics/intervals.ts";
import { type Finding, leastRows, rateWithin } from "./finding.ts";
import { countCells, type Window } from "./window.ts";

/**
 * The share of source-data faults in a feature: missing values, and categories that training never saw or values outside
 * the range of training. A bound is the share that the reference's rate exceeds (or, for missing, undercuts) by chance
 * with the family's false-alarm rate: exact binomial, the reference's own sampling error included by taking its rate at
 * the far end of an interval of the same rate.
 */
export function featureQuality(profile: ReferenceProfile, column: number, window: Window): Finding[] {
  const feature = profile.features[column] as FeatureProfile;
  const cells = countCells(window, column, cellCount(feature));
  const bins = feature.counts.length;
  const rate = rateWithin(2 * profile.features.length);
  const share = (metric: string, count: number, reference: number, isTwoSided: boolean): Finding => {
    const { value, lower, upper } = wilsonInterval(count, window.rows);
    const isEnough = window.rows >= leastRows;
    const believed = wilsonInterval(reference, profile.rows, 1 - 2 * rate);
    return {
      monitor: "quality",
      metric,
      feature: feature.name,
      value: isEnough ? value : Number.NaN,
      lower: isEnough ? lower : Number.NaN,
      upper: isEnough ? upper : Number.NaN,
      thresholdLower: isEnough && isTwoSided ? 1 - leastShare(window.rows, 1 - believed.lower, rate) : Number.NaN,
      thresholdUpper: isEnough ? leastShare(window.rows, believed.upper, rate) : Number.NaN,
      rows: window.rows,
      ...(!isEnough && { unjudged: "insufficient" as const }),
    };
  };
  const strangers = (cells[bins] as number) + (cells[bins + 1] as number);
  return [
    share("missing_ratio", cells[0] as number, feature.counts[0] as number, true),
    share(feature.kind === "categorical" ? "unseen_ratio" : "out_of_range_ratio", strangers, feature.strangers, false),
  ];
}

/** The largest share of `rows` that still comes by chance, at a true rate, with more than the false-alarm rate. */
function leastShare(rows: number, trueRate: number, falseAlarm: number): number {
  let low = 0;
  let high = rows + 1;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (binomialSurvival(middle, rows, trueRate) > falseAlarm) low = middle;
    else high = middle;
  }
  return low / rows;
}
