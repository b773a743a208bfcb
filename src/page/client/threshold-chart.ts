import type { Result } from "./api.ts";
import { createChart, type Onset } from "./chart.ts";
import { html, legend, onsetLegend } from "./dom.ts";
import { figure } from "./format.ts";

export interface ThresholdChartOptions {
  /** What the chart shows, for those who do not see it. */
  label: string;
  statistic: string;
  /** What the legend says of the line of the statistic. */
  legend: string;
  /** Where the vertical axis begins, or above. */
  least: number;
}

/** A statistic of the monitors over time, beside the threshold from which it raises an alarm; stands last in `body`. */
export function createThresholdChart(body: HTMLElement, options: ThresholdChartOptions) {
  const canvas = html("div", { class: "chart" });
  body.append(
    canvas,
    legend([
      { kind: "now", text: options.legend },
      { kind: "threshold", text: "threshold", isDashed: true },
      onsetLegend,
    ]),
  );
  const chart = createChart(
    canvas,
    options.label,
    [
      { label: options.statistic, color: "--now" },
      { label: "threshold", color: "--threshold", isDashed: true },
    ],
    (value) => figure(value),
    options.least,
  );
  return {
    update(results: readonly Result[], onsets: readonly Onset[]): void {
      chart.update(
        results.map((result) => Date.parse(result.evaluated_at)),
        [results.map(({ value }) => value), results.map(({ threshold }) => threshold.upper)],
        onsets,
      );
    },
  };
}
