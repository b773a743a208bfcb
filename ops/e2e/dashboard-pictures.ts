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
  type: "text" | "row" | "stat" | "timeseries" | "bargauge" | "barchart" | "heatmap" | "status-history";
  title?: string;
  gridPos: { x: number; y: number; w: number; h: number };
  options?: {
    content?: string;
    textMode?: string;
    colorMode?: string;
    color?: { exponent: number };
    legend?: { placement: string };
  };
  fieldConfig?: {
    defaults: {
      unit?: string;
      noValue?: string;
      max?: number;
      mappings?: { options: Record<string, { text: string }> }[];
      thresholds?: { steps: { value: number | null; color: string }[] };
      custom?: { axisSoftMin?: number; axisSoftMax?: number };
    };
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
/** When an annotation began (seconds), which one, and in which colour it is drawn. */
export interface Mark {
  name: string;
  text: string;
  color: string;
  time: number;
}
export interface DrawnDashboard {
  panels: DrawnPanel[];
  marks: Mark[];
}

interface Dashboard {
  panels: DashboardPanel[];
  annotations: { list: { name: string; iconColor: string; expr: string; titleFormat: string }[] };
}

const dashboards = join(import.meta.dir, "../grafana/dashboards");
const seconds = 300;
const step = 5;

const named = (format: string, labels: Record<string, string>): string =>
  format.replaceAll(/\{\{(\w+)\}\}/g, (_, label: string) => labels[label] ?? "");

/** What each panel of a committed dashboard shows of the last five minutes, by its own queries, and what happened meanwhile. */
export async function readDashboard(name: string, prometheus: string): Promise<DrawnDashboard> {
  const { panels, annotations } = JSON.parse(readFileSync(join(dashboards, `${name}.json`), "utf8")) as Dashboard;
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
  const marks = annotations.list
    .filter(({ expr }) => expr)
    .map(async ({ name: annotation, iconColor, expr, titleFormat }) =>
      (await ask({ expr, legendFormat: titleFormat, range: true })).flatMap(({ name: text, times }) =>
        // As Grafana does: steps in a row are one.
        times
          .filter((time, i) => i === 0 || time - (times[i - 1] as number) > step)
          .map((time) => ({ name: annotation, text, color: iconColor, time })),
      ),
    );
  const drawn = all.map(async (panel) => ({
    panel,
    series: (await Promise.all((panel.targets ?? []).map(ask))).flat(),
  }));
  return { panels: await Promise.all(drawn), marks: (await Promise.all(marks)).flat() };
}

const sheet = `
  :root { --text: #9a9aa5; --line: #25282e; --page: #111217; --panel: #181b1f; --border: #2c2f36; --strong: #ccccdc; }
  :root.light { --text: #55585e; --line: #e4e5e8; --page: #f4f5f5; --panel: #fff; --border: #dcdde0; --strong: #24292e; }
  body { margin: 8px; background: var(--page); color: var(--strong); font: 13px system-ui, sans-serif; }
  .grid { display: grid; grid-template-columns: repeat(24, 1fr); gap: 8px; }
  .panel { background: var(--panel); border: 1px solid var(--border); border-radius: 3px; padding: 6px 8px; overflow: hidden; display: flex; flex-direction: column; min-width: 0; box-sizing: border-box; }
  .row { grid-column: 1 / -1; font-weight: 600; padding: 6px 0 0; }
  h2 { font-size: 13px; font-weight: 600; margin: 0 0 4px; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
  .content { flex: 1; min-height: 0; display: flex; flex-direction: column; }
  .beside { flex-direction: row; gap: 8px; }
  .body { flex: 1; min-height: 0; min-width: 0; position: relative; display: flex; gap: 8px; flex-wrap: wrap; align-items: center; justify-content: center; overflow: hidden; }
  .legend { font-size: 11px; overflow: hidden; display: flex; flex-wrap: wrap; gap: 0 10px; }
  .beside .legend { width: 170px; flex-direction: column; flex-wrap: nowrap; }
  .beside .legend > span { display: flex; justify-content: space-between; line-height: 17px; }
  .text { width: 100%; line-height: 1.5; }
  .text p, .text ul { margin: 0; }
  .stat { font-size: 20px; padding: 4px 10px; border-radius: 3px; text-align: center; }
  .stat small { display: block; font-size: 11px; }
  .bar { width: 100%; display: grid; grid-template-columns: 42% 1fr 46px; gap: 6px; align-items: center; font-size: 11px; }
  .track { background: var(--line); }
  .bar i { display: block; height: 9px; }`;

/**
 * Pictures of a dashboard's panels at the widths of a desk and of a wall in both themes, drawn in a browser at the places and in
 * the colours of the committed file: no Grafana is needed to see what it will show.
 * @returns the files, the titles of panels that remained empty, what has no room in its panel, and what happened meanwhile.
 */
export async function drawDashboard(
  browser: Browser,
  { name, prometheus, folder }: { name: string; prometheus: string; folder: string },
): Promise<{ files: string[]; empty: string[]; cut: string[]; marks: Mark[] }> {
  mkdirSync(folder, { recursive: true });
  const dashboard = await readDashboard(name, prometheus);
  const { outputs } = await Bun.build({ entrypoints: [join(import.meta.dir, "dashboard-page.ts")], target: "browser" });
  const script = await outputs[0]?.text();
  const style = readFileSync(Bun.resolveSync("uplot/dist/uPlot.min.css", import.meta.dir), "utf8") + sheet;
  const files: string[] = [];
  const empty = new Set<string>();
  const cut = new Set<string>();
  for (const width of [1280, 1920]) {
    for (const theme of ["dark", "light"] as const) {
      const page = await browser.newPage({ viewport: { width, height: 1000 } });
      await page.setContent(`<!doctype html><html class="${theme}"><style>${style}</style><body></body></html>`);
      await page.evaluate((drawn) => Object.assign(window, { drawn }), dashboard);
      await page.addScriptTag({ content: script as string });
      const found = await page.evaluate(() => ({
        empty: [...document.querySelectorAll(".empty")].map(({ id }) => id),
        cut: [...document.querySelectorAll(".panel h2, .body, .legend")]
          .filter((part) => part.scrollWidth > part.clientWidth || part.scrollHeight > part.clientHeight)
          .map((part) => `${part.closest(".panel")?.id}: ${part.className || "title"}`),
      }));
      for (const title of found.empty) empty.add(title);
      for (const what of found.cut) cut.add(`${what} at ${width}`);
      const file = join(folder, `${name}-${width}-${theme}.png`);
      await page.screenshot({ path: file, fullPage: true });
      files.push(file);
      await page.close();
    }
  }
  return { files, empty: [...empty], cut: [...cut], marks: dashboard.marks };
}
