import { serviceMetrics as metrics } from "../metric-catalogue.ts";
import { select } from "./panel.ts";

const windowTotal = `sum without (actual, predicted) (${select(metrics.confusion)})`;
/** From as many labels on as performance is judged by; before, it would be 0 or 1 by the first label. */
export const churnShare = `(sum without (actual, predicted) (${select(metrics.confusion, 'actual="1"')}) / ${windowTotal} and on (job, instance) ${select(metrics.realized, 'metric="brier"')} >= 0)`;
