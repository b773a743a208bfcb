import {
  LegendDisplayMode,
  LegendPlacement,
  SortOrder,
  TooltipDisplayMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from "@grafana/grafana-foundation-sdk/common";

export const legend = () =>
  new VizLegendOptionsBuilder()
    .displayMode(LegendDisplayMode.List)
    .placement(LegendPlacement.Bottom)
    .showLegend(true)
    .calcs([]);
export const noLegend = () =>
  new VizLegendOptionsBuilder()
    .displayMode(LegendDisplayMode.Hidden)
    .placement(LegendPlacement.Bottom)
    .showLegend(false)
    .calcs([]);
/** Beside many lines of one kind: the highest first, with its figure. */
export const rankedLegend = () =>
  new VizLegendOptionsBuilder()
    .displayMode(LegendDisplayMode.Table)
    .placement(LegendPlacement.Right)
    .showLegend(true)
    .calcs(["lastNotNull"])
    .sortBy("Last *")
    .sortDesc(true);

/** A tooltip that tells of all lines at once, the highest first. */
export const allSeries = () =>
  new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending).hideZeros(false);
