import { PanelBuilder as BarChart } from "@grafana/grafana-foundation-sdk/barchart";
import { PanelBuilder as BarGauge } from "@grafana/grafana-foundation-sdk/bargauge";
import type { Builder, Dataquery } from "@grafana/grafana-foundation-sdk/cog";
import {
  BarGaugeDisplayMode,
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTooltipOptionsBuilder,
} from "@grafana/grafana-foundation-sdk/common";
import * as dashboard from "@grafana/grafana-foundation-sdk/dashboard";
import * as heatmap from "@grafana/grafana-foundation-sdk/heatmap";
import { DataqueryBuilder, PromQueryFormat } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder as Stat } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as StatusHistory } from "@grafana/grafana-foundation-sdk/statushistory";
import { PanelBuilder as TimeSeries } from "@grafana/grafana-foundation-sdk/timeseries";
import type { Panel, Series, Unit } from "../../src/monitoring/panel.ts";
import { openings } from "../../src/monitoring/verdict.ts";
import { severities } from "../../src/storage/monitor-results.ts";

export const datasource = { type: "prometheus", uid: `\${datasource}` };

const units: Record<Unit, string> = {
  ratio: "percentunit",
  score: "none",
  "of threshold": "none",
  count: "short",
  "per second": "ops",
  seconds: "s",
  bytes: "bytes",
  name: "none",
  level: "none",
  severity: "none",
};

const colors: Record<string, string> = { realized: "blue", estimated: "orange" };
const refIds = ["A", "B", "C", "D", "E", "F", "G", "H", "I", "J"];

function query(
  { expression, legend }: Series,
  index: number,
  format: "range" | "instant" | "table" | "heatmap",
): Builder<Dataquery> {
  const builder = new DataqueryBuilder()
    .refId(refIds[index] as string)
    .datasource(datasource)
    .expr(expression)
    .legendFormat(legend);
  if (expression.includes("histogram_quantile")) builder.exemplar(true);
  if (format === "range") return builder.range();
  if (format === "heatmap") return builder.range().format(PromQueryFormat.Heatmap);
  return format === "table" ? builder.instant().format(PromQueryFormat.Table) : builder.instant();
}

const queries = (panel: Panel, format: Parameters<typeof query>[2]) =>
  panel.series.map((series, i) => query(series, i, format));

/** How a line is drawn that is not the figure itself. An interval is filled from its upper end down to its lower one. */
function lineProperties({ legend, role }: Series): dashboard.DynamicConfigValue[] {
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

const legend = () =>
  new VizLegendOptionsBuilder()
    .displayMode(LegendDisplayMode.List)
    .placement(LegendPlacement.Bottom)
    .showLegend(true)
    .calcs([]);
const noLegend = () =>
  new VizLegendOptionsBuilder()
    .displayMode(LegendDisplayMode.Hidden)
    .placement(LegendPlacement.Bottom)
    .showLegend(false)
    .calcs([]);
/** Beside many lines of one kind: the highest first, with its figure. */
const rankedLegend = () =>
  new VizLegendOptionsBuilder()
    .displayMode(LegendDisplayMode.Table)
    .placement(LegendPlacement.Right)
    .showLegend(true)
    .calcs(["lastNotNull"])
    .sortBy("Last *")
    .sortDesc(true);

const allSeries = () =>
  new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending).hideZeros(false);

/** Whether each value of a label is a line of its own, in a panel with room to rank them. */
export const isRanked = ({ view, width, series }: Panel): boolean =>
  view === "lines" && width >= 12 && series.some(({ legend }) => /^\{\{(feature|monitor|metric)\}\}$/.test(legend));

function lines(panel: Panel): TimeSeries {
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

const latest = () => new ReduceDataOptionsBuilder().calcs(["lastNotNull"]).values(false).fields("");
const steps = (...list: [number | null, string][]) =>
  new dashboard.ThresholdsConfigBuilder()
    .mode(dashboard.ThresholdsMode.Absolute)
    .steps(list.map(([value, color]) => ({ value, color })));

/** Of a share of a threshold: far from it, on the way to it, past it. */
const untilThreshold: [number | null, string][] = [
  [null, "green"],
  [0.8, "yellow"],
  [1, "red"],
];

/** By the gauge of severity: ok, info, warning, critical. */
const bySeverity: [number | null, string][] = [
  [null, "green"],
  [1, "blue"],
  [2, "orange"],
  [3, "red"],
];

/** What the figures 0, 1, 2… mean. */
const inWords = (...words: string[]): dashboard.ValueMapping[] => [
  {
    type: dashboard.MappingType.ValueToText,
    options: Object.fromEntries(words.map((text, index) => [index, { text, index }])),
  },
];

function figures(panel: Panel): Stat {
  const builder = new Stat()
    .targets(queries(panel, "instant"))
    .reduceOptions(latest())
    .graphMode(BigValueGraphMode.None)
    .orientation(VizOrientation.Auto)
    .thresholds(steps([null, "text"]))
    .textMode(
      panel.unit === "name"
        ? BigValueTextMode.Name
        : panel.series.length > 1
          ? BigValueTextMode.ValueAndName
          : BigValueTextMode.Auto,
    );
  if (panel.unit !== "severity" && panel.unit !== "level") return builder;
  builder.colorMode(BigValueColorMode.Background).thresholds(steps(...bySeverity));
  return panel.unit === "severity"
    ? builder.mappings(inWords(...Object.values(openings)))
    : builder.textMode(BigValueTextMode.ValueAndName).mappings(inWords(...severities));
}

function bars(panel: Panel): BarGauge {
  const builder = new BarGauge()
    .targets(queries(panel, "instant"))
    .reduceOptions(latest())
    .orientation(VizOrientation.Horizontal)
    .displayMode(BarGaugeDisplayMode.Basic)
    .min(0);
  return panel.unit === "of threshold"
    ? builder.max(1).thresholds(steps(...untilThreshold))
    : builder.thresholds(steps([null, "blue"]));
}

/** A row for each series, whose cells are coloured by how bad it was. */
function states(panel: Panel): StatusHistory {
  const builder = new StatusHistory()
    .targets(queries(panel, "range"))
    // Grafana draws no more cells than fit.
    .maxDataPoints(60)
    .showValue(VisibilityMode.Never)
    .rowHeight(0.9)
    .colWidth(1)
    .fillOpacity(80)
    .colorScheme(new dashboard.FieldColorBuilder().mode(dashboard.FieldColorModeId.Thresholds))
    .legend(noLegend())
    .tooltip(allSeries());
  return panel.unit === "severity"
    ? builder.thresholds(steps(...bySeverity)).mappings(inWords(...Object.values(openings)))
    : builder.thresholds(steps(...untilThreshold));
}

/** Shares by bin, one column for each query. Tables of instant queries name their value after the query. */
function shares(panel: Panel): BarChart {
  const names = Object.fromEntries(panel.series.map(({ legend }, i) => [`Value #${refIds[i]}`, legend]));
  const hidden = Object.fromEntries(
    ["order", "Time", ...panel.series.map((_, i) => `Time ${i + 1}`)].map((name) => [name, true]),
  );
  return (
    new BarChart()
      .targets(queries(panel, "table"))
      .withTransformation({ id: "joinByField", options: { byField: "bin", mode: "outer" } })
      // Intervals by their beginning, not by its first digit; categories, which have no order, by name.
      .withTransformation({
        id: "convertFieldType",
        options: { fields: {}, conversions: [{ targetField: "order", destinationType: "number" }] },
      })
      .withTransformation({ id: "sortBy", options: { sort: [{ field: "bin" }] } })
      .withTransformation({ id: "sortBy", options: { sort: [{ field: "order" }] } })
      .withTransformation({ id: "organize", options: { excludeByName: hidden, renameByName: names } })
      .xField("bin")
      .xTickLabelMaxLength(24)
      .showValue(VisibilityMode.Never)
      .legend(legend())
      .min(0)
      .overrideByName("now", [{ id: "color", value: { mode: "fixed", fixedColor: "blue" } }])
      .overrideByName("reference", [{ id: "color", value: { mode: "fixed", fixedColor: "gray" } }])
  );
}

const heat = (panel: Panel): heatmap.PanelBuilder =>
  new heatmap.PanelBuilder()
    .targets(queries(panel, "heatmap"))
    .calculate(false)
    // Most customers are in one bucket: by a linear scale it would be the only one to be seen.
    .color(
      new heatmap.HeatmapColorOptionsBuilder()
        .mode(heatmap.HeatmapColorMode.Scheme)
        .scheme("Blues")
        .scale(heatmap.HeatmapColorScale.Exponential)
        .exponent(0.4)
        .steps(32),
    )
    .yAxis(new heatmap.YAxisConfigBuilder().unit("percentunit"));

const views = { lines, states, figures, bars, shares, heatmap: heat } as const;

/** A panel of the list as Grafana draws it, at a place of the grid. */
export function drawPanel(panel: Panel, id: number, place: dashboard.GridPos): Builder<dashboard.Panel> {
  return views[panel.view](panel)
    .id(id)
    .title(panel.title)
    .description(panel.meaning)
    .unit(units[panel.unit])
    .noValue(panel.empty)
    .datasource(datasource)
    .gridPos(place);
}
