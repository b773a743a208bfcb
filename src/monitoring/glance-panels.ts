import { serviceMetrics as metrics } from "../metric-catalogue.ts";
import { unitOf } from "./metric-titles.ts";
import { type Panel, select, young } from "./panel.ts";

export const glancePanels: Panel[] = [
  {
    title: "Verdict",
    meaning:
      "What the worst of the monitors says of the model; the page of the service (port 8000) tells why, and what to do.",
    unit: "severity",
    view: "figures",
    width: 8,
    empty: "No monitor has run yet",
    series: [{ expression: `max by (job, instance) (${select(metrics.monitorSeverity)})`, legend: "{{instance}}" }],
  },
  {
    title: "Monitors",
    meaning:
      "How bad the worst figure of each monitor is that was outside its threshold in two passes in a row. Look below in the section of that name.",
    unit: "level",
    view: "figures",
    width: 16,
    empty: "No monitor has run yet",
    series: [{ expression: select(metrics.monitorSeverity), legend: "{{monitor}}" }],
  },
  {
    title: "Model",
    meaning: "The version that serves: the UTC time at which it was trained.",
    unit: "name",
    view: "figures",
    width: 6,
    empty: "No model serves",
    series: [{ expression: select(metrics.modelInfo), legend: "{{model_version}}" }],
  },
  {
    title: "Scenario",
    meaning: "The disturbance that the replay plays on purpose; none is undisturbed.",
    unit: "name",
    view: "figures",
    width: 6,
    empty: "No replay",
    series: [{ expression: select(metrics.scenario), legend: "{{scenario}}" }],
  },
  {
    title: "ROC AUC now",
    meaning: "How well churners are told from others: 0.5 is chance, 1 is perfect.",
    unit: unitOf("roc_auc"),
    view: "figures",
    width: 8,
    empty: young,
    series: [
      { expression: select(metrics.realized, 'metric="roc_auc"'), legend: "realized" },
      { expression: select(metrics.estimated, 'metric="roc_auc"'), legend: "estimated" },
    ],
  },
  {
    title: "Labels known",
    meaning:
      "Share of the window's predictions whose outcome is known. Below one half, realized performance is not judged.",
    unit: "ratio",
    view: "figures",
    width: 4,
    empty: young,
    series: [{ expression: select(metrics.labelCoverage), legend: "coverage" }],
  },
];
