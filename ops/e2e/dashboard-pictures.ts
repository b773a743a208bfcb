import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { fillVariables } from "../promql.ts";

export interface Target {
  expr: string;
  legendFormat: string;
  range?: boolean;
}
/** What a panel of a committed dashboard says, as far as a picture needs it. */
export interface DashboardPanel {
  type: "text" | "row" | "stat" | "timeseries" | "bargauge" | "barchart" | "heatmap";
  title?: string;
  gridPos: { x: number; y: number; w: number; h: number };
  options?: { content?: string };
  fieldConfig?: {
    defaults: { unit?: string; noValue?: string; mappings?: { options: Record<string, { text: string }> }[] };
    overrides: { matcher: { options: string }; properties: { id: string; value: unknown }[] }[];
  };
  targets?: Target[];
  panels?: DashboardPanel[];
}

/** A series as Prometheus gave it: times in seconds, and the figures at them. */
export interface DrawnSeries {
  name: string;
  labels: Record<string, string>;
  times: number[];
  values: number[];
}
export interface DrawnPanel {
  panel: DashboardPanel;
  series: DrawnSeries[];
}

const dashboards = join(import.meta.dir, "../grafana/dashboards");
const seconds = 300;
const step = 5;

const named = (format: string, labels: Record<string, string>): string =>
  format.replaceAll(/\{\{(\w+)\}\}/g, (_, label: string) => labels[label] ?? "");

/** What each panel of a committed dashboard shows of the last five minutes, by its own queries. */
export async function readDashboard(name: string, prometheus: string): Promise<DrawnPanel[]> {
  const { panels } = JSON.parse(readFileSync(join(dashboards, `${name}.json`), "utf8")) as { panels: DashboardPanel[] };
  const all = panels.flatMap((panel) => [panel, ...(panel.panels ?? [])]);
  const end = Math.floor(Date.now() / 1000);
  async function ask({ expr, legendFormat, range }: Target): Promise<DrawnSeries[]> {
    const query = fillVariables(expr, { rateInterval: "15s" });
    const span = { start: String(end - seconds), end: String(end), step: String(step) };
    const response = await fetch(`${prometheus}/api/v1/${range ? "query_range" : "query"}`, {
      method: "POST",
      body: new URLSearchParams({ query, ...(range && span) }),
    });
    const { data, error } = (await response.json()) as {
      error?: string;
      data?: {
        result: { metric: Record<string, string>; values?: [number, string][]; value?: [number, string] }[];
      };
    };
    if (!data) throw new Error(`${query}: ${error}`);
    return data.result.map(({ metric, values, value }) => {
      const points = values ?? (value ? [value] : []);
      return {
        name: named(legendFormat, metric),
        labels: metric,
        times: points.map(([time]) => time),
        values: points.map(([, figure]) => Number(figure)),
      };
    });
  }
  return Promise.all(
    all.map(async (panel) => ({ panel, series: (await Promise.all((panel.targets ?? []).map(ask))).flat() })),
  );
}

/**
 * Pictures of a dashboard's panels at the widths of a desk and of a wall, drawn in a browser at the places and in the colours of
 * the committed file: no Grafana is needed to see what it will show.
 * @returns the files, and the titles of panels that remained empty.
 */
export async function drawDashboard(
  browser: Browser,
  { name, prometheus, folder }: { name: string; prometheus: string; folder: string },
): Promise<{ files: string[]; empty: string[] }> {
  mkdirSync(folder, { recursive: true });
  const panels = await readDashboard(name, prometheus);
  const { outputs } = await Bun.build({ entrypoints: [join(import.meta.dir, "dashboard-page.ts")], target: "browser" });
  const script = await outputs[0]?.text();
  const style = readFileSync(Bun.resolveSync("uplot/dist/uPlot.min.css", import.meta.dir), "utf8");
  const files: string[] = [];
  let empty: string[] = [];
  for (const width of [1280, 1920]) {
    const page = await browser.newPage({ viewport: { width, height: 1000 }, colorScheme: "dark" });
    await page.setContent(`<!doctype html><style>${style}</style><body></body>`);
    await page.evaluate((drawn) => Object.assign(window, { drawn }), panels);
    await page.addScriptTag({ content: script as string });
    empty = await page.evaluate(() => [...document.querySelectorAll(".empty")].map((found) => found.id));
    const file = join(folder, `${name}-${width}.png`);
    await page.screenshot({ path: file, fullPage: true });
    files.push(file);
    await page.close();
  }
  return { files, empty };
}
