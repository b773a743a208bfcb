import { drawHeat, drawShares, drawStates } from "./dashboard-cells.ts";
import { drawLines } from "./dashboard-lines.ts";
import type { DrawnDashboard, DrawnPanel } from "./dashboard-pictures.ts";
import { colorOf, element, format, stepColor } from "./dashboard-words.ts";

// Runs in the browser: draws what dashboard-pictures.ts read.
declare const drawn: DrawnDashboard;

const cell = 38;

/** As much of Markdown as the dashboards use: paragraphs, lists, and emphasis. */
function markdown(text: string): HTMLElement {
  const box = element("div", "text");
  let list: HTMLElement | null = null;
  for (const line of text.split("\n").filter((each) => each !== "")) {
    const isItem = line.startsWith("- ");
    if (!isItem) list = null;
    else if (!list) {
      list = element("ul", "");
      box.append(list);
    }
    const item = element(isItem ? "li" : "p", "");
    for (const [, strong, emphasis, plain] of (isItem ? line.slice(2) : line).matchAll(
      /\*\*(.+?)\*\*|\*(.+?)\*|([^*]+)/g,
    ))
      item.append(element(strong ? "b" : emphasis ? "i" : "span", "", strong ?? emphasis ?? plain));
    (list ?? box).append(item);
  }
  return box;
}

function drawStats({ panel, series }: DrawnPanel, body: HTMLElement): void {
  const { unit, mappings } = panel.fieldConfig?.defaults ?? {};
  const isName = panel.options?.textMode === "name";
  for (const { name, values } of series) {
    const value = values[0] as number;
    const text = isName ? name : (mappings?.[0]?.options[value]?.text ?? format(value, unit));
    const stat = element("div", "stat", text);
    // As Grafana: a figure that stands alone has no name.
    if (!isName && (series.length > 1 || panel.options?.textMode === "value_and_name"))
      stat.append(element("small", "", name));
    if (panel.options?.colorMode === "background") {
      stat.style.background = stepColor(panel, value);
      stat.style.color = "#fff";
    }
    body.append(stat);
  }
}

function drawBars({ panel, series }: DrawnPanel, body: HTMLElement): void {
  const { unit, max } = panel.fieldConfig?.defaults ?? {};
  const end = max ?? Math.max(...series.map(({ values }) => values[0] ?? 0));
  for (const { name, values } of series) {
    const value = values[0] as number;
    const bar = element("div", "bar");
    const track = element("span", "track");
    const fill = element("i", "");
    fill.style.cssText = `width:${Math.min(100, (100 * value) / end)}%;background:${stepColor(panel, value)}`;
    track.append(fill);
    bar.append(element("span", "", name), track, element("span", "", format(value, unit)));
    body.append(bar);
  }
}

function drawPanel(each: DrawnPanel, body: HTMLElement, legend: HTMLElement): void {
  const { panel, series } = each;
  if (panel.type === "timeseries") drawLines(each, drawn.marks, body, legend);
  else if (panel.type === "stat") drawStats(each, body);
  else if (panel.type === "bargauge") drawBars(each, body);
  else if (panel.type === "barchart") {
    for (const [i, name] of [...new Set(series.map(({ name }) => name))].entries()) {
      const entry = element("span", "", `■ ${name}`);
      entry.style.color = colorOf(panel, name, i);
      legend.append(entry);
    }
    drawShares(each, body);
  } else if (panel.type === "status-history") drawStates(each, body);
  else drawHeat(each, body);
}

const grid = element("div", "grid");
document.body.append(grid);
for (const each of drawn.panels) {
  const { panel, series } = each;
  if (panel.type === "row") {
    grid.append(element("div", "row", panel.title));
    continue;
  }
  const box = element("div", "panel");
  box.id = panel.title ?? "";
  box.style.cssText = `grid-column: ${panel.gridPos.x + 1} / span ${panel.gridPos.w}; height: ${panel.gridPos.h * cell - 8}px`;
  const isBeside = panel.options?.legend?.placement === "right";
  const content = element("div", isBeside ? "content beside" : "content");
  const body = element("div", "body");
  const legend = element("div", "legend");
  content.append(body, legend);
  box.append(element("h2", "", panel.title), content);
  grid.append(box);
  if (panel.type === "text") body.append(markdown(panel.options?.content ?? ""));
  else if (series.every(({ values }) => values.every(Number.isNaN))) {
    box.classList.add("empty");
    body.append(element("span", "", panel.fieldConfig?.defaults.noValue));
  } else drawPanel(each, body, legend);
}
