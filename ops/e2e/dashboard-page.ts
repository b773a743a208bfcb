import uPlot from "uplot";
import type { DashboardPanel, DrawnPanel, DrawnSeries } from "./dashboard-pictures.ts";

// Runs in the browser: draws what dashboard-pictures.ts read.
declare const drawn: DrawnPanel[];

const cell = 38;
const palette = [
  "#73bf69",
  "#f2cc0c",
  "#8ab8ff",
  "#ff780a",
  "#f2495c",
  "#5794f2",
  "#b877d9",
  "#705da0",
  "#37872d",
  "#fade2a",
];
const named: Record<string, string> = {
  blue: "#5794f2",
  orange: "#ff9830",
  red: "#f2495c",
  gray: "#8e8e8e",
  green: "#73bf69",
};

const style = document.createElement("style");
style.textContent = `
  body { margin: 8px; background: #111217; color: #ccccdc; font: 13px system-ui, sans-serif; }
  .grid { display: grid; grid-template-columns: repeat(24, 1fr); gap: 8px; }
  .panel { background: #181b1f; border: 1px solid #2c2f36; border-radius: 3px; padding: 6px 8px; overflow: hidden; display: flex; flex-direction: column; min-width: 0; }
  .row { grid-column: 1 / -1; font-weight: 600; padding: 6px 0 0; }
  h2 { font-size: 13px; font-weight: 600; margin: 0 0 4px; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
  .body { flex: 1; min-height: 0; position: relative; display: flex; gap: 8px; flex-wrap: wrap; align-items: center; justify-content: center; }
  .legend { font-size: 11px; max-height: 30px; overflow: hidden; display: flex; flex-wrap: wrap; gap: 0 10px; }
  .stat { font-size: 20px; padding: 4px 10px; border-radius: 3px; text-align: center; }
  .stat small { display: block; font-size: 11px; }
  .bar { width: 100%; display: grid; grid-template-columns: 42% 1fr 60px; gap: 6px; align-items: center; font-size: 11px; }
  .bar i { display: block; height: 9px; }
  pre { white-space: pre-wrap; margin: 0; font: inherit; font-size: 12px; }`;
document.head.append(style);

function format(value: number, unit = "none"): string {
  if (!Number.isFinite(value)) return String(value);
  if (unit === "percentunit") return `${(100 * value).toPrecision(3)} %`;
  if (unit === "bytes") return `${(value / 2 ** 20).toPrecision(3)} MiB`;
  const suffix = { s: " s", ops: "/s" }[unit] ?? "";
  return `${Number(value.toPrecision(3))}${suffix}`;
}

const element = (tag: string, className: string, text = ""): HTMLElement =>
  Object.assign(document.createElement(tag), { className, textContent: text });

function propertiesOf(panel: DashboardPanel, name: string): Map<string, unknown> {
  const found = panel.fieldConfig?.overrides.filter(({ matcher }) => matcher.options === name) ?? [];
  return new Map(found.flatMap(({ properties }) => properties.map(({ id, value }) => [id, value])));
}

function colorOf(panel: DashboardPanel, series: DrawnSeries, index: number): string {
  const fixed = propertiesOf(panel, series.name).get("color") as { fixedColor: string } | undefined;
  return named[fixed?.fixedColor ?? ""] ?? (palette[index % palette.length] as string);
}

function drawLines({ panel, series }: DrawnPanel, body: HTMLElement, legend: HTMLElement): void {
  const times = [...new Set(series.flatMap((one) => one.times))].sort((a, b) => a - b);
  const columns = series.map((one) => {
    const at = new Map(one.times.map((time, i) => [time, one.values[i] as number]));
    return times.map((time) => {
      const value = at.get(time);
      return value === undefined || Number.isNaN(value) ? null : value;
    });
  });
  const unit = panel.fieldConfig?.defaults.unit;
  const indexOf = (name: string) => series.findIndex((one) => one.name === name);
  const axis = {
    stroke: "#9a9aa5",
    grid: { stroke: "#25282e", width: 1 },
    ticks: { show: false },
    font: "11px system-ui",
  };
  new uPlot(
    {
      width: body.clientWidth,
      height: body.clientHeight,
      legend: { show: false },
      series: [
        {},
        ...series.map((one, i): uPlot.Series => {
          const properties = propertiesOf(panel, one.name);
          const dash = (properties.get("custom.lineStyle") as { dash: number[] } | undefined)?.dash;
          return {
            stroke: colorOf(panel, one, i),
            width: (properties.get("custom.lineWidth") as number | undefined) ?? 1,
            points: { show: false },
            ...(dash && { dash }),
          };
        }),
      ],
      bands: series.flatMap((one, i) => {
        const lower = indexOf(String(propertiesOf(panel, one.name).get("custom.fillBelowTo")));
        return lower < 0
          ? []
          : [{ series: [i + 1, lower + 1] as [number, number], fill: `${colorOf(panel, one, i)}26` }];
      }),
      axes: [
        { ...axis, size: 42 },
        { ...axis, size: 62, values: (_, ticks) => ticks.map((tick) => format(tick, unit)) },
      ],
    },
    [times, ...columns],
    body,
  );
  series.forEach((one, i) => {
    const hidden = propertiesOf(panel, one.name).get("custom.hideFrom") as { legend: boolean } | undefined;
    if (hidden?.legend) return;
    const entry = element("span", "", `— ${one.name}`);
    entry.style.color = colorOf(panel, one, i);
    legend.append(entry);
  });
}

function drawStats({ panel, series }: DrawnPanel, body: HTMLElement): void {
  const mappings = panel.fieldConfig?.defaults.mappings?.[0]?.options;
  for (const { name, values } of series) {
    const value = values[0] as number;
    const isName = panel.fieldConfig?.defaults.unit === "none" && !mappings && series.length === 1;
    const stat = element(
      "div",
      "stat",
      isName ? name : (mappings?.[value]?.text ?? format(value, panel.fieldConfig?.defaults.unit)),
    );
    if (!isName) stat.append(element("small", "", name));
    if (mappings) stat.style.background = value > 0 ? "#c4162a" : "#37872d";
    body.append(stat);
  }
}

function drawBars({ panel, series }: DrawnPanel, body: HTMLElement): void {
  const largest = Math.max(...series.map(({ values }) => values[0] ?? 0));
  for (const { name, values } of series) {
    const value = values[0] as number;
    const bar = element("div", "bar");
    const fill = element("i", "");
    fill.style.cssText = `width:${(100 * value) / largest}%;background:${value >= 1 && panel.fieldConfig?.defaults.unit === "none" ? "#f2495c" : "#5794f2"}`;
    const track = element("span", "");
    track.append(fill);
    bar.append(element("span", "", name), track, element("span", "", format(value, panel.fieldConfig?.defaults.unit)));
    body.append(bar);
  }
}

const canvasIn = (body: HTMLElement): [CanvasRenderingContext2D, number, number] => {
  const canvas = document.createElement("canvas");
  canvas.width = body.clientWidth;
  canvas.height = body.clientHeight;
  body.append(canvas);
  return [canvas.getContext("2d") as CanvasRenderingContext2D, canvas.width, canvas.height];
};

/** Shares by bin: what is, in blue, beside the reference, in grey. */
function drawShares({ panel, series }: DrawnPanel, body: HTMLElement): void {
  const orders = new Map(series.flatMap(({ labels: { bin, order } }) => (bin && order ? [[bin, Number(order)]] : [])));
  const orderOf = (bin: string): number => orders.get(bin) ?? 0;
  const bins = [...new Set(series.map(({ labels }) => labels.bin ?? ""))]
    .sort()
    .sort((a, b) => orderOf(a) - orderOf(b));
  const names = (panel.targets ?? []).map(({ legendFormat }) => legendFormat);
  const [context, width, height] = canvasIn(body);
  const most = Math.max(...series.map(({ values }) => values[0] ?? 0));
  const room = width / bins.length;
  for (const { name, labels, values } of series) {
    const place = bins.indexOf(labels.bin ?? "") + 0.1 + 0.4 * names.indexOf(name);
    const size = ((values[0] ?? 0) / most) * (height - 16);
    context.fillStyle = name === "reference" ? "#8e8e8e" : "#5794f2";
    context.fillRect(place * room, height - 14 - size, 0.38 * room, size);
  }
  context.fillStyle = "#9a9aa5";
  context.font = "10px system-ui";
  bins.forEach((bin, i) => {
    if (i % Math.ceil(70 / room) === 0) context.fillText(bin.slice(0, 12), i * room + 2, height - 3);
  });
}

/** Counts by bucket over time; a bucket of Prometheus holds those below it. */
function drawHeat({ series }: DrawnPanel, body: HTMLElement): void {
  const buckets = series.toSorted((a, b) => Number(a.labels.le) - Number(b.labels.le));
  const [context, width, height] = canvasIn(body);
  const times = [...new Set(series.flatMap((one) => one.times))].sort((a, b) => a - b);
  const rows = buckets.map(({ times: own, values }, b) => {
    const below = buckets[b - 1];
    const under = new Map(below?.times.map((time, i) => [time, below.values[i] as number]));
    return new Map(own.map((time, i) => [time, Math.max(0, (values[i] as number) - (under.get(time) ?? 0))]));
  });
  const most = Math.max(...rows.flatMap((row) => [...row.values()].filter(Number.isFinite)));
  rows.forEach((row, b) => {
    times.forEach((time, t) => {
      const value = row.get(time) ?? 0;
      context.fillStyle = `rgba(87,148,242,${value / most})`;
      context.fillRect(
        (t * width) / times.length,
        height - ((b + 1) * height) / rows.length,
        width / times.length + 1,
        height / rows.length,
      );
    });
  });
}

const grid = element("div", "grid");
document.body.append(grid);
for (const each of drawn) {
  const { panel, series } = each;
  if (panel.type === "row") {
    grid.append(element("div", "row", panel.title));
    continue;
  }
  const box = element("div", "panel");
  box.id = panel.title ?? "";
  box.style.cssText = `grid-column: ${panel.gridPos.x + 1} / span ${panel.gridPos.w}; height: ${panel.gridPos.h * cell - 8}px; box-sizing: border-box`;
  const body = element("div", "body");
  const legend = element("div", "legend");
  box.append(element("h2", "", panel.title), body, legend);
  grid.append(box);
  if (panel.type === "text") body.append(element("pre", "", panel.options?.content));
  else if (series.every(({ values }) => values.every(Number.isNaN))) {
    box.classList.add("empty");
    body.append(element("span", "", panel.fieldConfig?.defaults.noValue));
  } else if (panel.type === "timeseries") {
    legend.style.minHeight = "30px";
    drawLines(each, body, legend);
  } else if (panel.type === "stat") drawStats(each, body);
  else if (panel.type === "bargauge") drawBars(each, body);
  else if (panel.type === "barchart") drawShares(each, body);
  else drawHeat(each, body);
}
