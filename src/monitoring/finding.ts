import type { BinShare } from "./distributions.ts";

/** Where a figure comes from; what shows a user harm comes first, then what explains it. */
export const monitorNames = [
  "realized",
  "estimate_error",
  "labels",
  "segment",
  "estimated",
  "drift",
  "quality",
  "attribution",
  "prediction",
  "multivariate",
  "stream",
] as const;
export type MonitorName = (typeof monitorNames)[number];

/** The same for a figure in every look. */
export const seriesOf = ({ monitor, metric, feature }: { monitor: string; metric: string; feature: string | null }) =>
  `${monitor} ${metric} ${feature ?? ""}`;

/** The distribution that an alarm is about, beside the one that was to be expected. */
export interface Evidence {
  /** What is counted and what it is held against, in words. */
  about: string;
  bins: BinShare[];
}

/** What one monitor says of one figure in one window; NaN where the figure or a threshold is not defined. */
export interface Finding {
  monitor: MonitorName;
  metric: string;
  feature: string | null;
  /** The bin of the feature that is meant, for a segment; of refused requests the commonest reason. */
  bin: string | null;
  value: number;
  /** 95 % interval of the value. */
  lower: number;
  upper: number;
  /** Sampling error of the value; NaN where it is not known. */
  standardError: number;
  /** Values outside these bounds raise an alarm. */
  thresholdLower: number;
  thresholdUpper: number;
  /** How often an undisturbed window is outside them; NaN where there are none. */
  chance: number;
  rows: number;
  /** Why the figure cannot be judged, when it cannot. */
  unjudged?: "insufficient" | "immature";
  /** What it is about, when it is outside its bounds. */
  evidence?: Evidence;
  /** Whether it was found in an earlier pass and not looked for again. */
  isRepeated?: boolean;
}

/** Chance of a false alarm in one family of figures (all features, all metrics) in one window. */
export const falseAlarmRate = 1e-6;

/** The rate for one of `size` figures that keeps the family's rate (Bonferroni). */
export const rateWithin = (size: number): number => falseAlarmRate / Math.max(1, size);

/** Rows below which no distribution and no performance is judged. */
export const leastRows = 300;
export const leastLabels = 200;
/** Share of known labels below which a window is immature. */
export const leastCoverage = 0.5;

const none = Number.NaN;

type Judged = Pick<Finding, "monitor" | "metric" | "feature" | "rows" | "value"> & Partial<Finding>;

/** A finding with NaN for all that is not given. */
export const finding = (figures: Judged): Finding => ({
  bin: null,
  lower: none,
  upper: none,
  standardError: none,
  thresholdLower: none,
  thresholdUpper: none,
  chance: none,
  ...figures,
});

/** A figure that there are too few rows or labels for. */
export const unjudgedFinding = (
  figures: Pick<Finding, "monitor" | "metric" | "feature" | "rows">,
  unjudged: "insufficient" | "immature",
): Finding => finding({ ...figures, value: none, unjudged });

export function isOutside({ value, thresholdLower, thresholdUpper }: Finding): boolean {
  return value < thresholdLower || value > thresholdUpper;
}

/** A finding with its evidence, which is made only when the value is outside its bounds. */
export const withEvidence = (found: Finding, makeEvidence: () => Evidence): Finding =>
  isOutside(found) ? { ...found, evidence: makeEvidence() } : found;
