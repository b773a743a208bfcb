import type { LabelledTable } from "../data/table.ts";
import { type Manifest, type Performance, performanceMetrics } from "../models/manifest.ts";
import { classificationIntervals } from "../statistics/classification-intervals.ts";
import { confusionCounts } from "../statistics/confusion.ts";
import { estimatePerformance } from "../statistics/estimation.ts";

const defined = (value: number): number | null => (Number.isFinite(value) ? value : null);

/** The metrics of labelled rows with 95 % intervals, as a manifest keeps them; null where one is undefined. */
export function measure(probabilities: Float64Array, { churned, rows }: LabelledTable, threshold: number): Performance {
  const intervals = classificationIntervals(probabilities, churned, threshold);
  const positives = churned.reduce((sum, label) => sum + label, 0);
  return {
    rows,
    classes: [rows - positives, positives],
    metrics: Object.fromEntries(
      performanceMetrics.map((metric) => {
        const { value, lower, upper, standardError } = intervals[metric];
        return [
          metric,
          {
            value: defined(value),
            lower: defined(lower),
            upper: defined(upper),
            standardError: defined(standardError),
          },
        ];
      }),
    ) as Performance["metrics"],
    confusion: confusionCounts(probabilities, churned, threshold),
  };
}

/** What the metrics would be if the probabilities were right. */
export function estimateMetrics(probabilities: Float64Array, threshold: number): Manifest["estimated"] {
  const { metrics } = estimatePerformance(probabilities, threshold);
  return Object.fromEntries(
    performanceMetrics.map((metric) => [metric, defined(metrics[metric].value)]),
  ) as Manifest["estimated"];
}

/** The threshold and the metrics of the holdout as lines of text. */
export function performanceLines({ threshold, data, performance }: Manifest): string[] {
  const { metrics } = performance.holdout;
  const shown = (x: number | null) => (x === null ? "undefined" : x.toFixed(4));
  return [
    `threshold ${threshold.toFixed(4)}; on ${data.splits.holdout.toLocaleString("en")} held-out customers (95 % interval):`,
    ...performanceMetrics.map((metric) => {
      const { value, lower, upper } = metrics[metric];
      return `  ${metric.padEnd(18)} ${shown(value)}   (${shown(lower)} – ${shown(upper)})`;
    }),
  ];
}
