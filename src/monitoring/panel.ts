export type Unit =
  | "ratio"
  | "score"
  | "of threshold"
  | "count"
  | "per second"
  | "seconds"
  | "bytes"
  | "name"
  | "level"
  | "severity";

/** One query of a panel and how its result is drawn; without a role it is the figure itself. */
export interface Series {
  /** PromQL; `$job`, `$instance` and `$__rate_interval` are filled in by whoever asks. */
  expression: string;
  /** `{{label}}` stands for the value of a label. */
  legend: string;
  role?: "lower" | "upper" | "threshold" | "reference";
}

export interface Panel {
  title: string;
  /** What the picture says and how to read it. */
  meaning: string;
  unit: Unit;
  /**
   * `lines`, `heatmap` and `states` (a row for each series, coloured by how bad it is) over time; `figures`, `bars` and `shares`
   * (by bin, beside a reference) now.
   */
  view: "lines" | "heatmap" | "states" | "figures" | "bars" | "shares";
  series: readonly Series[];
  /** What it means when there is nothing to draw. */
  empty: string;
  /** Of 24 columns. */
  width: number;
  /** What the axis of `lines` holds at least; from 0 on when left out, and null leaves it to the figures. */
  axis?: { from: number; to?: number } | null;
}

export interface Section {
  title: string;
  panels: readonly Panel[];
  collapsed?: true;
}

/** Series that ops/prometheus/rules.yml computes. */
export const recordedSeries = {
  featureBinRatio: "feature_bin:churn_feature_bin:ratio_rate10m",
} as const;

const serving = 'job=~"$job", instance=~"$instance"';

/** The selector of a metric of the service, by job and instance and by further matchers such as `class="1"`. */
export const select = ({ name }: { name: string }, ...matchers: string[]): string =>
  `${name}{${[serving, ...matchers].join(", ")}}`;

/** The per-second rate of a counter, or of a part of a histogram: `bucket`, `sum` or `count`. */
export function rate(
  { name }: { name: string },
  matchers: readonly string[] = [],
  part?: "bucket" | "sum" | "count",
): string {
  return `rate(${select({ name: part ? `${name}_${part}` : name }, ...matchers)}[$__rate_interval])`;
}

/** Why there may be nothing to draw, of most. */
export const young = "Fewer rows than can be judged: wait for the window to fill";

/** The same, of what happens seldom. */
export const quiet = "Nothing happened in this time";
