import { serviceMetrics as metrics } from "../metric-catalogue.ts";
import { type Panel, select, young } from "./panel.ts";

const driftRatio = `${select(metrics.featureDrift)} / ${select(metrics.featureDriftThreshold)}`;

const attributionBound = (bound: string): string =>
  `sum without (bound) (${select(metrics.featureAttributionThreshold, `bound="${bound}"`)})`;
const upperBound = attributionBound("upper");
const lowerBound = attributionBound("lower");

export const inputPanels: Panel[] = [
  {
    title: "Drift of every input, as a share of its threshold",
    meaning:
      "Distance from the reference over the distance that chance alone does not exceed. Red, from 1 on: the input drifted. Missing and zero count as values of their own.",
    unit: "of threshold",
    view: "states",
    width: 14,
    empty: young,
    series: [{ expression: driftRatio, legend: "{{feature}}" }],
  },
  {
    title: "Drift now, the strongest first",
    meaning: "The same at this moment: which input to look at. A full bar is at its threshold or past it.",
    unit: "of threshold",
    view: "bars",
    width: 10,
    empty: young,
    series: [{ expression: `sort_desc(${driftRatio})`, legend: "{{feature}}" }],
  },
  {
    title: "All inputs together",
    meaning:
      "How well trees tell the window from the reference (ROC AUC; 0.5 is not at all), with the value that chance alone does not exceed. It also sees fields that no longer go together.",
    unit: "score",
    view: "lines",
    width: 12,
    axis: null,
    empty: young,
    series: [
      { expression: select(metrics.multivariateDrift), legend: "{{method}}" },
      { expression: select(metrics.multivariateDriftThreshold), legend: "threshold", role: "threshold" },
    ],
  },
  {
    title: "What the predictions lean on",
    meaning:
      "Mean absolute contribution of each field to the newest predictions, in log-odds. A field that moves without being drifted itself says that fields go together otherwise.",
    unit: "score",
    view: "lines",
    width: 12,
    empty: young,
    series: [{ expression: select(metrics.featureAttribution), legend: "{{feature}}" }],
  },
  {
    title: "Share of the way to an alarm: what the predictions lean on",
    meaning:
      "How far the contribution of each field is from the middle of its bounds. Red, from 1 on: it is past one of them.",
    unit: "of threshold",
    view: "states",
    width: 12,
    empty: young,
    series: [
      {
        expression: `abs(${select(metrics.featureAttribution)} - (${upperBound} + ${lowerBound}) / 2) / ((${upperBound} - ${lowerBound}) / 2)`,
        legend: "{{feature}}",
      },
    ],
  },
  {
    title: "Severity of each monitor",
    meaning: "Green: nothing. Blue: inputs moved. Orange: be careful. Red: do not believe the model.",
    unit: "severity",
    view: "states",
    width: 12,
    empty: young,
    series: [{ expression: select(metrics.monitorSeverity), legend: "{{monitor}}" }],
  },
];
