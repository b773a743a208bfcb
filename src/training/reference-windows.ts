import type { ReferenceWindows } from "../models/profile.ts";
import { classificationMetrics, metricNames } from "../statistics/classification.ts";
import type { Random } from "../statistics/random.ts";
import { drawWindows, labelledSizes } from "./nulls.ts";

/** So many know a standard deviation to 7 %. */
const count = 100;

/**
 * How every metric spreads over windows of the usual sizes, drawn from labelled rows of the holdout with replacement: what an
 * undisturbed window of that size may show. A metric that is not defined in some window is taken over the others.
 */
export function referenceWindows(
  probabilities: Float64Array,
  labels: Uint8Array,
  threshold: number,
  random: Random,
): ReferenceWindows[] {
  return labelledSizes.map((rows) => {
    const values = metricNames.map((): number[] => []);
    for (const window of drawWindows(probabilities, labels, { rows, count, random })) {
      const metrics = classificationMetrics(window.probabilities, window.labels, threshold);
      metricNames.forEach((name, m) => {
        if (Number.isFinite(metrics[name])) values[m]?.push(metrics[name]);
      });
    }
    const metrics = Object.fromEntries(metricNames.map((name, m) => [name, spreadOf(values[m] as number[])]));
    return { rows, windows: count, metrics };
  });
}

function spreadOf(values: number[]) {
  if (values.length === 0) return { mean: null, standardDeviation: null, low: null, high: null };
  values.sort((a, b) => a - b);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const at = (share: number) => values[Math.floor(share * (values.length - 1))] as number;
  return { mean, standardDeviation: Math.sqrt(squares / values.length), low: at(0.025), high: at(0.975) };
}
