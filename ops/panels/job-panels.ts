import { serviceMetrics as metrics } from "../../src/metric-catalogue.ts";
import { type Panel, quiet, rate, select } from "../../src/monitoring/panel.ts";

/** Prometheus renames the service's label `job` because its own has that name. */
const scheduledJob = "exported_job";

export const jobPanels: Panel[] = [
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
