import { serviceMetrics as metrics, trainingJob, trainingMetrics } from "../src/metric-catalogue.ts";
import { type Panel, rate, type Section, select } from "../src/monitoring/panel.ts";

const quiet = "Nothing happened in this time";
const quantiles = [0.5, 0.95, 0.99] as const;
const allRequests = `sum(${rate(metrics.httpRequestDuration, [], "count")})`;
const failed = (status: string) =>
  `(sum(${rate(metrics.httpRequestDuration, [`status=~"${status}"`], "count")}) or 0 * ${allRequests}) / ${allRequests}`;
/** Of the chosen jobs, those that are this service: others may have a series of the same name. */
const ofService = (expression: string): string =>
  `${expression} and on (job, instance) ${select(metrics.storageAvailable)}`;
/** The same, also while it is down. */
const ofServiceSeen = (expression: string): string =>
  `${expression} and on (job, instance) max_over_time(${select(metrics.storageAvailable)}[1d])`;
/** Prometheus renames the service's label `job` because its own has that name. */
const scheduledJob = "exported_job";

const requests: Panel[] = [
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

const jobs: Panel[] = [
  {
    title: "Runs of jobs",
    meaning:
      "Runs of the scheduler's jobs that succeeded; dashed red those that failed, dashed gray those skipped because the run before was still under way.",
    unit: "per second",
    view: "lines",
    width: 6,
    empty: quiet,
    series: [
      {
        expression: `sum by (${scheduledJob}) (${rate(metrics.jobRuns, ['outcome="success"'])})`,
        legend: `{{${scheduledJob}}}`,
      },
      {
        expression: `sum(${rate(metrics.jobRuns, ['outcome="failure"'])})`,
        legend: "failed, all jobs",
        role: "threshold",
      },
      {
        expression: `sum(${rate(metrics.jobRuns, ['outcome="skipped"'])})`,
        legend: "skipped, all jobs",
        role: "reference",
      },
    ],
  },
  {
    title: "Duration of jobs",
    meaning: "95 % of the runs of a job took no longer.",
    unit: "seconds",
    view: "lines",
    width: 6,
    empty: quiet,
    series: [
      {
        expression: `histogram_quantile(0.95, sum by (${scheduledJob}, le) (${rate(metrics.jobDuration, [], "bucket")}))`,
        legend: `{{${scheduledJob}}}`,
      },
    ],
  },
  {
    title: "Since the last success of a job",
    meaning: "A line that climbs belongs to a job that fails or hangs.",
    unit: "seconds",
    view: "lines",
    width: 6,
    empty: quiet,
    series: [{ expression: `time() - ${select(metrics.jobLastSuccess)}`, legend: `{{${scheduledJob}}}` }],
  },
  {
    title: "Labels received",
    meaning: "Feedback by what became of it.",
    unit: "per second",
    view: "lines",
    width: 6,
    empty: "No label came in this time",
    series: [{ expression: `sum by (status) (${rate(metrics.feedback)})`, legend: "{{status}}" }],
  },
  {
    title: "Since the last pass of a monitor",
    meaning: "A monitor that does not finish says nothing: its figures are old.",
    unit: "seconds",
    view: "lines",
    width: 12,
    empty: "No monitor has run yet",
    series: [{ expression: `time() - ${select(metrics.monitorLastSuccess)}`, legend: "{{monitor}}" }],
  },
  {
    title: "Rows that monitors judged",
    meaning: "Predictions in the window of each monitor; for realized performance those with a label.",
    unit: "count",
    view: "lines",
    width: 12,
    empty: "No monitor has run yet",
    series: [{ expression: select(metrics.monitorRows), legend: "{{monitor}}" }],
  },
];

const pushed = ({ name }: { name: string }): string => `${name}{job="${trainingJob}"}`;

const training: Panel[] = [
  {
    title: "Since the last training",
    meaning: "How long ago a training run last reached the Pushgateway.",
    unit: "seconds",
    view: "figures",
    width: 6,
    empty: "No training was pushed",
    series: [{ expression: `time() - ${pushed({ name: "push_time_seconds" })}`, legend: "last push" }],
  },
  {
    title: "Duration of training",
    meaning: "How long the last training run took.",
    unit: "seconds",
    view: "figures",
    width: 6,
    empty: "No training was pushed",
    series: [{ expression: pushed(trainingMetrics.duration), legend: "{{model_version}}" }],
  },
  {
    title: "Performance at training",
    meaning: "What the last trained model reached on customers that it had not seen.",
    unit: "score",
    view: "bars",
    width: 12,
    empty: "No training was pushed",
    series: [
      {
        expression: `${trainingMetrics.performance.name}{job="${trainingJob}", split="holdout"}`,
        legend: "{{metric}}",
      },
    ],
  },
];

const process: Panel[] = [
  {
    title: "CPU",
    meaning: "Processors in use: 1 is one whole core.",
    unit: "score",
    view: "lines",
    width: 6,
    empty: "The service is down",
    series: [{ expression: ofService(rate(metrics.cpuSeconds)), legend: "{{instance}}" }],
  },
  {
    title: "Memory",
    meaning: "Resident memory of the process.",
    unit: "bytes",
    view: "lines",
    width: 6,
    empty: "The service is down",
    series: [{ expression: ofService(select(metrics.residentMemory)), legend: "{{instance}}" }],
  },
  {
    title: "Event loop",
    meaning: "The longest time in which no request could be taken, since the look before.",
    unit: "seconds",
    view: "lines",
    width: 6,
    empty: "The service is down",
    series: [{ expression: select(metrics.eventLoopLag), legend: "{{instance}}" }],
  },
  {
    title: "Open files",
    meaning: "File descriptors in use, connections included.",
    unit: "count",
    view: "lines",
    width: 6,
    empty: "The service is down",
    series: [{ expression: ofService(select(metrics.openFiles)), legend: "{{instance}}" }],
  },
  {
    title: "Storage works",
    meaning: "1 while predictions and labels can be stored. At 0 the service answers 503, and /health/ready says why.",
    unit: "count",
    view: "lines",
    width: 12,
    axis: { from: 0, to: 1 },
    empty: "The service is down",
    series: [{ expression: select(metrics.storageAvailable), legend: "{{instance}}" }],
  },
  {
    title: "Failures of the storage",
    meaning: "How often it began to fail, by what was wrong: full, locked, read-only, damaged or failing.",
    unit: "per second",
    view: "lines",
    width: 12,
    axis: { from: 0, to: 1 },
    empty: quiet,
    series: [{ expression: `sum by (fault) (${rate(metrics.storageFailures)})`, legend: "{{fault}}" }],
  },
  {
    title: "Threads replaced",
    meaning:
      "Threads that ended or did not answer. What they were asked is done by the event loop's thread or asked again.",
    unit: "per second",
    view: "lines",
    width: 24,
    empty: quiet,
    series: [{ expression: `sum by (thread) (${rate(metrics.threadFailures)})`, legend: "{{thread}}" }],
  },
];

/** The service as it is operated. */
export const serviceSections: readonly Section[] = [
  { title: "Requests", panels: requests },
  { title: "Scheduler and monitors", panels: jobs },
  { title: "Training", panels: training },
  { title: "Process", panels: process },
];
