import { serviceMetrics as metrics } from "../../src/metric-catalogue.ts";
import { type Panel, quiet, rate, select } from "../../src/monitoring/panel.ts";
import { ofService, ofServiceSeen } from "./of-service.ts";

const quantiles = [0.5, 0.95, 0.99] as const;
const allRequests = `sum(${rate(metrics.httpRequestDuration, [], "count")})`;
const failed = (status: string) =>
  `(sum(${rate(metrics.httpRequestDuration, [`status=~"${status}"`], "count")}) or 0 * ${allRequests}) / ${allRequests}`;

export const requestPanels: Panel[] = [
  {
    title: "Up",
    meaning: "1 when Prometheus reaches the service, 0 when it did within a day and does not now.",
    unit: "count",
    view: "figures",
    width: 4,
    empty: "Prometheus does not know the service",
    series: [{ expression: ofServiceSeen(select({ name: "up" })), legend: "{{instance}}" }],
  },
  {
    title: "Running since",
    meaning: "How long ago the process started.",
    unit: "seconds",
    view: "figures",
    width: 4,
    empty: "The service is down",
    series: [{ expression: `time() - (${ofService(select(metrics.startTime))})`, legend: "{{instance}}" }],
  },
  {
    title: "Waiting to be scored",
    meaning: "Customers in the queue when Prometheus looked. It grows when requests come faster than they are scored.",
    unit: "count",
    view: "figures",
    width: 4,
    empty: "The service is down",
    series: [{ expression: select(metrics.queueDepth), legend: "{{instance}}" }],
  },
  {
    title: "Targets of Prometheus",
    meaning: "1 for each part that Prometheus reaches: without it there is no alarm.",
    unit: "count",
    view: "figures",
    width: 12,
    empty: "Prometheus has no targets",
    series: [{ expression: 'up{job=~".+"}', legend: "{{job}}" }],
  },
  {
    title: "Requests",
    meaning: "Requests by route. The replay does not pass through HTTP and is not counted here.",
    unit: "per second",
    view: "lines",
    width: 8,
    empty: quiet,
    series: [
      {
        expression: `sum by (method, route) (${rate(metrics.httpRequestDuration, [], "count")})`,
        legend: "{{method}} {{route}}",
      },
    ],
  },
  {
    title: "Failed requests",
    meaning: "Share of requests that the caller got wrong (4xx) and that the service could not answer (5xx).",
    unit: "ratio",
    view: "lines",
    width: 8,
    axis: { from: 0, to: 0.05 },
    empty: quiet,
    series: [
      { expression: failed("4.."), legend: "4xx" },
      { expression: failed("5.."), legend: "5xx" },
    ],
  },
  {
    title: "Latency",
    meaning: "Time from the arrival of a request to its answer, all routes but the stream of events.",
    unit: "seconds",
    view: "lines",
    width: 8,
    empty: quiet,
    series: quantiles.map((quantile) => ({
      expression: `histogram_quantile(${quantile}, sum by (le) (${rate(metrics.httpRequestDuration, ['route!="/events"'], "bucket")}))`,
      legend: `${quantile * 100} % within`,
    })),
  },
];
