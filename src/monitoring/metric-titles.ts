import type { PerformanceMetric } from "../models/manifest.ts";
import type { Unit } from "./panel.ts";
import { metricNames } from "./words.ts";

/** As in the sentences of the monitors, in the order in which they are shown. */
export const metricTitles = Object.fromEntries(
  Object.entries(metricNames).map(([metric, name]) => [metric, name.charAt(0).toUpperCase() + name.slice(1)]),
) as Record<PerformanceMetric, string>;

/** Shares of customers are percentages; the others are the number that the literature gives. */
export const unitOf = (metric: PerformanceMetric): Unit =>
  metric === "accuracy" || metric === "precision" || metric === "recall" ? "ratio" : "score";

export const shownMetrics = Object.keys(metricNames) as PerformanceMetric[];
