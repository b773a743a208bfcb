import { serviceMetrics as metrics } from "../../src/metric-catalogue.ts";
import { type Panel, quiet, rate, select } from "../../src/monitoring/panel.ts";
import { ofService } from "./of-service.ts";

export const processPanels: Panel[] = [
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
