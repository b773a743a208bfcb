import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { serviceMetrics, trainingJob, trainingMetrics } from "../src/metric-catalogue.ts";
import { modelSections } from "../src/monitoring/model-sections.ts";
import { dashboardFolder, dashboards, render } from "./dashboards.ts";
import { annotations, drawDashboard } from "./grafana/draw-dashboard.ts";
import { isCounter, knownLabels, knownSeries } from "./known-series.ts";
import { serviceSections } from "./panels/service-sections.ts";
import { fillVariables, groupingLabelsOf, selectorsOf } from "./promql.ts";

interface DrawnPanel {
  id: number;
  type: string;
  title: string;
  description?: string;
  datasource?: { type: string; uid: string };
  gridPos: { x: number; y: number; w: number; h: number };
  fieldConfig?: { defaults: { unit?: string; noValue?: string } };
  targets?: { refId: string; expr: string; datasource: { uid: string } }[];
  collapsed?: boolean;
  panels?: DrawnPanel[];
}

const panelsOf = (content: (typeof dashboards)[string]): DrawnPanel[] =>
  drawDashboard(content).panels as unknown as DrawnPanel[];
const everything = (panels: readonly DrawnPanel[]): DrawnPanel[] =>
  panels.flatMap((panel) => [panel, ...everything(panel.panels ?? [])]);
const overlap = (a: DrawnPanel["gridPos"], b: DrawnPanel["gridPos"]): boolean =>
  a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

for (const [file, content] of Object.entries(dashboards)) {
  const dashboard = drawDashboard(content);
  const panels = panelsOf(content);
  const all = everything(panels);
  const drawings = all.filter((panel) => panel.type !== "row" && panel.type !== "text");

  describe(`the dashboard ${file}`, () => {
    test("is committed as the code draws it", () => {
      expect(readFileSync(join(dashboardFolder, file), "utf8")).toBe(render(content));
    });

    test("is the same whenever it is drawn", () => {
      expect(render(content)).toBe(render(content));
    });

    test("cannot be edited in Grafana, and leads to the others", () => {
      expect(dashboard.editable).toBe(false);
      expect(dashboard.uid).toBe(content.uid);
      expect(dashboard.links).toMatchObject([{ type: "dashboards", tags: dashboard.tags, keepTime: true }]);
    });

    test("lets the reader choose data source, job and instance", () => {
      const variables = dashboard.templating?.list as unknown as {
        name: string;
        multi?: boolean;
        includeAll?: boolean;
        allValue?: string;
      }[];
      expect(variables.map(({ name }) => name)).toEqual(["datasource", "job", "instance"]);
      for (const { multi, includeAll, allValue } of variables.slice(1)) {
        expect({ multi, includeAll, allValue }).toEqual({ multi: true, includeAll: true, allValue: ".+" });
      }
    });

    test("says of every panel what it is, in which unit, and what nothing means", () => {
      for (const { title, description, fieldConfig } of drawings) {
        expect(title).toBeTruthy();
        expect(description, title).toBeTruthy();
        expect(fieldConfig?.defaults.unit, title).toBeTruthy();
        expect(fieldConfig?.defaults.noValue, title).toBeTruthy();
      }
      expect(drawings.length).toBeGreaterThan(10);
    });

    test("asks the chosen data source in every query", () => {
      for (const { title, datasource, targets } of drawings) {
        expect(datasource?.uid, title).toBe(`\${datasource}`);
        expect(targets?.length, title).toBeGreaterThan(0);
        for (const target of targets ?? []) expect(target.datasource.uid, title).toBe(`\${datasource}`);
      }
    });

    test("has its own id for every panel and for every query of a panel", () => {
      expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
      for (const { title, targets = [] } of drawings)
        expect(new Set(targets.map(({ refId }) => refId)).size, title).toBe(targets.length);
    });

    test("keeps every panel inside the grid and apart from the others", () => {
      for (const { gridPos, title } of all) {
        expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
        expect(gridPos.w * gridPos.h, title).toBeGreaterThan(0);
      }
      for (const group of [panels, ...panels.filter(({ collapsed }) => collapsed).map((row) => row.panels ?? [])]) {
        group.forEach((a, i) => {
          for (const b of group.slice(i + 1))
            expect(overlap(a.gridPos, b.gridPos), `${a.title} and ${b.title}`).toBe(false);
        });
      }
    });

    test("hides panels only in rows that are folded", () => {
      for (const row of panels.filter(({ type }) => type === "row")) {
        expect((row.panels?.length ?? 0) > 0, row.title).toBe(row.collapsed ?? false);
      }
    });
  });
}

const sections = [...modelSections, ...serviceSections];
const expressions = [
  ...sections.flatMap(({ panels }) =>
    panels.flatMap(({ title, series }) => series.map(({ expression }) => ({ title, expression }))),
  ),
  ...annotations.map(({ name, expression }) => ({ title: `annotation ${name}`, expression })),
].map(({ title, expression }) => ({
  title: `${title}: ${expression}`,
  expression: fillVariables(expression, { job: "$job", instance: "$instance", rateInterval: "59s" }),
}));

describe("every expression of a panel", () => {
  test("is PromQL", () => {
    for (const { expression } of expressions) expect(() => selectorsOf(expression)).not.toThrow();
  });

  test("asks for series that exist", () => {
    for (const { title, expression } of expressions) {
      for (const { metric } of selectorsOf(expression))
        expect(knownSeries.has(metric), `${metric} in ${title}`).toBe(true);
    }
  });

  test("uses labels that exist", () => {
    for (const { title, expression } of expressions) {
      const labels = [
        ...groupingLabelsOf(expression),
        ...selectorsOf(expression).flatMap(({ matchers }) => matchers.map(({ label }) => label)),
      ];
      for (const label of labels) expect(knownLabels.has(label), `${label} in ${title}`).toBe(true);
    }
  });

  test("keeps to the chosen job and instance, or to what training pushed", () => {
    const pushed = new Set([...Object.values(trainingMetrics).map(({ name }) => name), "push_time_seconds"]);
    for (const { title, expression } of expressions) {
      for (const { metric, matchers } of selectorsOf(expression)) {
        const matched = matchers.map(({ label, operator, value }) => `${label}${operator}${value}`);
        if (pushed.has(metric)) expect(matched, title).toContain(`job=${trainingJob}`);
        else if (title.startsWith("Targets of Prometheus")) expect(matched, title).toEqual(["job=~.+"]);
        else expect(matched, title).toEqual(expect.arrayContaining(["job=~$job", "instance=~$instance"]));
      }
    }
  });

  test("asks for a counter only as a rate, over the interval that Grafana chooses", () => {
    for (const { title, expression } of expressions) {
      for (const { metric, range, functions } of selectorsOf(expression)) {
        const isRate = functions[0] === "rate" || functions[0] === "increase";
        expect(isRate, title).toBe(isCounter(metric));
        if (isRate) expect(range, title).toBe("59s");
        else expect(range === null || functions[0] === "max_over_time", title).toBe(true);
      }
    }
  });
});

test("a misspelt expression does not parse", () => {
  expect(() => selectorsOf("sum by (a (rate(b_total[5m])))")).toThrow("no PromQL at character");
});

test("every metric of the catalogue is drawn somewhere", () => {
  const drawn = new Set(
    expressions.flatMap(({ expression }) => selectorsOf(expression).map(({ metric }) => knownSeries.get(metric))),
  );
  // Bins are drawn through a recording rule, the decision threshold is a bucket of the score, the pushed reference is the
  // one that the service exposes, and push_time_seconds tells when training ended.
  const elsewhere = [
    serviceMetrics.featureBins,
    serviceMetrics.decisionThreshold,
    trainingMetrics.featureReference,
    trainingMetrics.lastSuccess,
  ].map(({ name }) => name);
  const catalogue = [...Object.values(serviceMetrics), ...Object.values(trainingMetrics)].map(({ name }) => name);
  expect(catalogue.filter((name) => !drawn.has(name)).sort()).toEqual([...elsewhere].sort());
});

test("the model's dashboard follows the order in which trouble matters", () => {
  const titles = modelSections.map(({ title }) => title);
  expect(titles.filter((title) => !title.startsWith("Each"))).toEqual([
    "At a glance",
    "Performance",
    "Predictions",
    "Model inputs",
    "Source data",
  ]);
});
