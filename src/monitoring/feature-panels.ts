import type { FieldName } from "../customer.ts";
import { serviceMetrics as metrics } from "../metric-catalogue.ts";
import { missingBin, zeroBin } from "../models/profile.ts";
import { type Panel, recordedSeries, select, young } from "./panel.ts";

/** A bin by the label `order`: missing, zero, then intervals by where they begin; categories have none. */
const orderOfBins: readonly (readonly [bins: string, order: string])[] = [
  [">?([0-9.]+)(-.*)?", "$1"],
  ["<=.*", "0"],
  [zeroBin, "-1"],
  [missingBin, "-2"],
];

const inBinOrder = (expression: string): string =>
  orderOfBins.reduce(
    (inner, [bins, order]) => `label_replace(${inner}, "order", "${order}", "bin", "${bins}")`,
    expression,
  );

/** Of one field: its drift, and its distribution beside the reference. */
export function featurePanels(feature: FieldName): Panel[] {
  const of = `feature="${feature}"`;
  return [
    {
      title: `${feature}: drift`,
      meaning: "Distance between the window and the reference, with the distance that chance alone does not exceed.",
      unit: "score",
      view: "lines",
      width: 8,
      empty: young,
      series: [
        { expression: select(metrics.featureDrift, of), legend: "{{method}}" },
        { expression: select(metrics.featureDriftThreshold, of), legend: "threshold", role: "threshold" },
      ],
    },
    {
      title: `${feature}: distribution`,
      meaning:
        "Share of each bin in the last ten minutes beside its share in the reference. Bins are fixed at training.",
      unit: "ratio",
      view: "shares",
      width: 16,
      empty: "No predictions in the last ten minutes",
      series: [
        { expression: `sum by (bin) (${select({ name: recordedSeries.featureBinRatio }, of)})`, legend: "now" },
        {
          expression: inBinOrder(`sum by (bin) (${select(metrics.featureReference, of)})`),
          legend: "reference",
          role: "reference",
        },
      ],
    },
  ];
}
