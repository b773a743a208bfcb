import { serviceMetrics as metrics } from "../../src/metric-catalogue.ts";
import { select } from "../../src/monitoring/panel.ts";

/** Of the chosen jobs, those that are this service: others may have a series of the same name. */
export const ofService = (expression: string): string =>
  `${expression} and on (job, instance) ${select(metrics.storageAvailable)}`;

/** The same, also while it is down. */
export const ofServiceSeen = (expression: string): string =>
  `${expression} and on (job, instance) max_over_time(${select(metrics.storageAvailable)}[1d])`;
