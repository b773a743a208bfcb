import * as dashboard from "@grafana/grafana-foundation-sdk/dashboard";
import { DataqueryBuilder } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder as Text, TextMode } from "@grafana/grafana-foundation-sdk/text";
import { serviceMetrics } from "../../src/metric-catalogue.ts";
import { type Panel, type Section, select } from "../../src/monitoring/panel.ts";
import { drawPanel } from "./draw-panel.ts";
import { isRanked } from "./lines.ts";
import { datasource } from "./queries.ts";

export interface DashboardContent {
  uid: string;
  title: string;
  about: string;
  /** Markdown on how to read it. */
  guide: string;
  sections: readonly Section[];
}

const columns = 24;
const heights: Record<Panel["view"], number> = { lines: 8, heatmap: 8, states: 10, bars: 8, shares: 8, figures: 4 };
const heightOf = (panel: Panel): number =>
  isRanked(panel) || panel.unit === "of threshold" ? 10 : heights[panel.view];

/** Places panels from left to right and from the top down; those of a line are as high as the highest of them. */
export function placePanels(panels: readonly Panel[], top: number): { places: dashboard.GridPos[]; bottom: number } {
  const places: dashboard.GridPos[] = [];
  let line: dashboard.GridPos[] = [];
  let y = top;
  function endLine(): void {
    const h = Math.max(0, ...line.map((place) => place.h));
    places.push(...line.map((place) => ({ ...place, h })));
    line = [];
    y += h;
  }
  for (const panel of panels) {
    const x = line.reduce((sum, { w }) => sum + w, 0);
    if (x + panel.width > columns) endLine();
    line.push({ x: line.length === 0 ? 0 : x, y, w: panel.width, h: heightOf(panel) });
  }
  endLine();
  return { places, bottom: y };
}

const variable = (name: string, label: string, query: string) =>
  new dashboard.QueryVariableBuilder(name)
    .label(label)
    .datasource(datasource)
    .query(query)
    .refresh(dashboard.VariableRefresh.OnTimeRangeChanged)
    .sort(dashboard.VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true)
    .allValue(".+")
    .current({ selected: true, text: ["All"], value: ["$__all"] });

const annotation = (name: string, color: string, expression: string, title: string) =>
  new dashboard.AnnotationQueryBuilder()
    .name(name)
    .datasource(datasource)
    .enable(true)
    .iconColor(color)
    .target(new DataqueryBuilder().refId("Anno").expr(expression))
    .expr(expression)
    .step("15s")
    .titleFormat(title)
    .textFormat("");

const { modelInfo, scenario, monitorAlarm } = serviceMetrics;
const began = (selector: string, labels: string) =>
  `max by (${labels}) (${selector}) unless max by (${labels}) (${selector} offset 1m)`;

/** What happened, drawn over every picture: another model, another scenario, a monitor in alarm. */
export const annotations = [
  {
    name: "Model",
    color: "green",
    expression: began(select(modelInfo), "model_version"),
    title: "model {{model_version}} serves",
  },
  {
    name: "Scenario",
    color: "purple",
    expression: began(select(scenario), "scenario"),
    title: "scenario {{scenario}} begins",
  },
  {
    name: "Alarm",
    color: "red",
    expression: `max by (monitor) (${select(monitorAlarm)}) == 1`,
    title: "alarm of the monitor: {{monitor}}",
  },
];

/** A dashboard as Grafana stores it, without anything that differs between two runs. */
export function drawDashboard({ uid, title, about, guide, sections }: DashboardContent): dashboard.Dashboard {
  const jobs = variable("job", "Job", `label_values(${modelInfo.name}, job)`);
  const instances = variable("instance", "Instance", `label_values(${modelInfo.name}{job=~"$job"}, instance)`);
  const builder = new dashboard.DashboardBuilder(title)
    .uid(uid)
    .description(about)
    .tags(["churnwatch"])
    .readonly()
    .timezone("browser")
    .refresh("15s")
    .time({ from: "now-30m", to: "now" })
    .tooltip(dashboard.DashboardCursorSync.Crosshair)
    .variables([
      new dashboard.DatasourceVariableBuilder("datasource").label("Data source").type("prometheus"),
      jobs,
      instances,
    ])
    .annotations(annotations.map(({ name, color, expression, title }) => annotation(name, color, expression, title)))
    .links([
      new dashboard.DashboardLinkBuilder("Churnwatch")
        .type(dashboard.DashboardLinkType.Dashboards)
        .tags(["churnwatch"])
        .keepTime(true)
        .includeVars(true),
    ]);
  let id = 1;
  let top = 5;
  builder.withPanel(
    new Text()
      .id(id++)
      .title("How to read this")
      .description("What is where, and in which order to look.")
      .mode(TextMode.Markdown)
      .content(guide)
      .gridPos({ x: 0, y: 0, w: columns, h: top }),
  );
  for (const section of sections) {
    const row = new dashboard.RowBuilder(section.title).id(id++).gridPos({ x: 0, y: top, w: columns, h: 1 });
    const { places, bottom } = placePanels(section.panels, top + 1);
    const panels = section.panels.map((panel, i) => drawPanel(panel, id++, places[i] as dashboard.GridPos));
    if (section.collapsed) for (const panel of panels) row.withPanel(panel);
    builder.withRow(row.collapsed(section.collapsed ?? false));
    if (!section.collapsed) for (const panel of panels) builder.withPanel(panel);
    // A row that is folded takes one line.
    top = section.collapsed ? top + 1 : bottom;
  }
  return builder.build();
}
