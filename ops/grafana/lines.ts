import { VisibilityMode } from "@grafana/grafana-foundation-sdk/common";
import type { DynamicConfigValue } from "@grafana/grafana-foundation-sdk/dashboard";
import { PanelBuilder as TimeSeries } from "@grafana/grafana-foundation-sdk/timeseries";
import type { Panel, Series } from "../../src/monitoring/panel.ts";
import { allSeries, legend, rankedLegend } from "./legends.ts";
import { queries } from "./queries.ts";

const colors: Record<string, string> = { realized: "blue", estimated: "orange" };

/** How a line is drawn that is not the figure itself. An interval is filled from its upper end down to its lower one. */
function lineProperties({ legend, role }: Series): DynamicConfigValue[] {
  const color = (name: string) => ({ id: "color", value: { mode: "fixed", fixedColor: name } });
  const dashed = { id: "custom.lineStyle", value: { fill: "dash", dash: [8, 6] } };
  const [subject = legend] = legend.split(",");
  if (role === "threshold") return [color("red"), dashed, { id: "custom.lineWidth", value: 2 }];
  if (role === "reference") return [color("gray"), dashed];
  const known = colors[subject];
  if (!role) return known ? [color(known), { id: "custom.lineWidth", value: 2 }] : [];
  const interval = [
    color(known ?? "gray"),
    { id: "custom.lineWidth", value: 0 },
    { id: "custom.hideFrom", value: { legend: true, tooltip: false, viz: false } },
  ];
  if (role === "lower") return interval;
  return [
    ...interval,
    { id: "custom.fillBelowTo", value: legend.replace("high", "low") },
    { id: "custom.fillOpacity", value: 15 },
  ];
}

/** Whether each value of a label is a line of its own, in a panel with room to rank them. */
export const isRanked = ({ view, width, series }: Panel): boolean =>
  view === "lines" && width >= 12 && series.some(({ legend }) => /^\{\{(feature|monitor|metric)\}\}$/.test(legend));

/** Figures over time. */
export function lines(panel: Panel): TimeSeries {
  const builder = new TimeSeries()
    .targets(queries(panel, "range"))
    .lineWidth(1)
    .fillOpacity(0)
    .showPoints(VisibilityMode.Never)
    .legend(isRanked(panel) ? rankedLegend() : legend())
    .tooltip(allSeries());
  const { axis = { from: 0 } } = panel;
  if (axis) builder.axisSoftMin(axis.from);
  if (axis?.to !== undefined) builder.axisSoftMax(axis.to);
  for (const series of panel.series) {
    const properties = lineProperties(series);
    if (properties.length > 0) builder.overrideByName(series.legend, properties);
  }
  return builder;
}
