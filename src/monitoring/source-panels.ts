import { serviceMetrics as metrics } from "../metric-catalogue.ts";
import { missingBin } from "../models/profile.ts";
import { type Panel, rate, select, young } from "./panel.ts";

export const sourcePanels: Panel[] = [
  {
    title: "Missing values, against the reference",
    meaning:
      "Share of missing values in the window minus that of the reference. Missing is information here, so a change of it is drift.",
    unit: "ratio",
    view: "lines",
    width: 12,
    empty: young,
    series: [
      {
        expression: `${select(metrics.featureMissing)} - ignoring (bin) ${select(metrics.featureReference, `bin="${missingBin}"`)}`,
        legend: "{{feature}}",
      },
    ],
  },
  {
    title: "Rejected requests",
    meaning: "Prediction requests that were refused, by what was wrong with them.",
    unit: "per second",
    view: "lines",
    width: 12,
    empty: "Nothing was rejected",
    series: [{ expression: `sum by (reason) (${rate(metrics.rejections)}) > 0`, legend: "{{reason}}" }],
  },
  {
    title: "Categories never seen",
    meaning: "Share of categories in the window that training never saw.",
    unit: "ratio",
    view: "lines",
    width: 12,
    empty: young,
    series: [{ expression: select(metrics.featureUnseen), legend: "{{feature}}" }],
  },
  {
    title: "Values out of range",
    meaning: "Share of values in the window outside the range of training. Often a change of unit.",
    unit: "ratio",
    view: "lines",
    width: 12,
    empty: young,
    series: [{ expression: select(metrics.featureOutOfRange), legend: "{{feature}}" }],
  },
  {
    title: "Repeated and refused requests",
    meaning: "Share of the window's requests that repeat an earlier one, and of requests that were refused meanwhile.",
    unit: "ratio",
    view: "lines",
    width: 12,
    empty: young,
    series: [
      { expression: select(metrics.streamDuplicates), legend: "repeated" },
      { expression: select(metrics.streamRefused), legend: "refused" },
    ],
  },
  {
    title: "Age of the newest prediction",
    meaning: "How long ago the last prediction was made, when the monitors looked.",
    unit: "seconds",
    view: "lines",
    width: 12,
    empty: young,
    series: [{ expression: select(metrics.streamAge), legend: "age" }],
  },
];
