import { serviceMetrics, trainingMetrics } from "../src/metric-catalogue.ts";
import { recordedSeries } from "../src/monitoring/panel.ts";

/** What Prometheus and the Pushgateway say of themselves. */
const platformSeries = ["up", "push_time_seconds", "push_failure_time_seconds"];

/** Every series that may be asked for, with the metric it belongs to; null: not one of the catalogue. */
export const knownSeries = new Map<string, string | null>([
  ...[...Object.values(serviceMetrics), ...Object.values(trainingMetrics)].flatMap(({ name, type }) =>
    (type === "histogram" ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name]).map(
      (series) => [series, name] as const,
    ),
  ),
  ...[...platformSeries, ...Object.values(recordedSeries)].map((series) => [series, null] as const),
]);

/** Labels that Prometheus adds, besides those of the catalogue. */
const platformLabels = ["job", "instance", "le", "exported_job"];

export const knownLabels = new Set<string>([
  ...[...Object.values(serviceMetrics), ...Object.values(trainingMetrics)].flatMap(({ labels }) => labels),
  ...platformLabels,
]);

export const isCounter = (series: string): boolean => series.endsWith("_total") || /_(bucket|sum|count)$/.test(series);
