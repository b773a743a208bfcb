import { PanelBuilder as BarChart } from "@grafana/grafana-foundation-sdk/barchart";
import { PanelBuilder as BarGauge } from "@grafana/grafana-foundation-sdk/bargauge";
import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import {
  BarGaugeDisplayMode,
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  ReduceDataOptionsBuilder,
  VisibilityMode,
  VizOrientation,
} from "@grafana/grafana-foundation-sdk/common";
import * as dashboard from "@grafana/grafana-foundation-sdk/dashboard";
import * as heatmap from "@grafana/grafana-foundation-sdk/heatmap";
import { PanelBuilder as Stat } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as StatusHistory } from "@grafana/grafana-foundation-sdk/statushistory";
import type { Panel, Unit } from "../../src/monitoring/panel.ts";
import { openings } from "../../src/monitoring/verdict.ts";
import { severities } from "../../src/storage/monitor-results.ts";
import { allSeries, legend, noLegend } from "./legends.ts";
import { lines } from "./lines.ts";
import { datasource, queries, refIds } from "./queries.ts";
import { bySeverity, inWords, steps, untilThreshold } from "./thresholds.ts";

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

const latest = () => new ReduceDataOptionsBuilder().calcs(["lastNotNull"]).values(false).fields("");
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
