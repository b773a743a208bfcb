/** What one monitor says of one figure in one window; NaN where the figure or a threshold is not defined. */
export interface Finding {
  monitor: "quality" | "drift" | "prediction" | "realized" | "estimated" | "labels";
  metric: string;
  feature: string | null;
  value: number;
  /** 95 % interval of the value. */
  lower: number;
  upper: number;
  /** Values outside these bounds raise an alarm. */
  thresholdLower: number;
  thresholdUpper: number;
  rows: number;
  /** Why the figure cannot be judged, when it cannot. */
  unjudged?: "insufficient" | "immature";
}

/** Chance of a false alarm in one family of figures (all features, all metrics) in one window. */
export const falseAlarmRate = 1e-5;

/** The rate for one of `size` figures that keeps the family's rate (Bonferroni). */
export const rateWithin = (size: number): number => falseAlarmRate / Math.max(1, size);

/** Rows below which no distribution and no performance is judged. */
export const leastRows = 300;
export const leastLabels = 200;
/** Share of known labels below which a window is immature. */
export const leastCoverage = 0.5;

export function isOutside({ value, thresholdLower, thresholdUpper }: Finding): boolean {
  return value < thresholdLower || value > thresholdUpper;
}
