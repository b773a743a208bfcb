import uPlot from "uplot";
import { html } from "./dom.ts";
import { clock } from "./format.ts";

export interface Line {
  label: string;
  /** A custom property of page.css. */
  color: string;
  isDashed?: boolean;
  /** Shades from this line to the next. */
  shadesToNext?: boolean;
  isThin?: boolean;
}

export interface Onset {
  at: number;
  name: string;
}

export interface Chart {
  update(times: number[], values: (number | null)[][], onsets: readonly Onset[]): void;
}

/** What is drawn between the axes beside the lines. */
export interface Backdrop {
  paint(u: uPlot): void;
  /** Where the vertical axis has its ticks, and what they say. */
  ticks(): { at: number[]; words: string[] };
}

const height = 210;
const colorOf = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const drawn = new Set<uPlot>();

/** The colour as the canvas takes it: what `light-dark()` comes to now. */
function resolved(name: string): string {
  const probe = document.createElement("span");
  probe.style.color = colorOf(name).startsWith("light-dark") ? `var(${name})` : colorOf(name);
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

const palette = new Map<string, string>();
export function color(name: string): string {
  const known = palette.get(name) ?? resolved(name);
  palette.set(name, known);
  return known;
}

const faded = (name: string): string => color(name).replace(/^rgb\((.+)\)$/, "rgba($1, 0.14)");

/** After a change of theme. */
export function redrawCharts(): void {
  palette.clear();
  for (const chart of drawn) chart.redraw();
}

/** Lines over time (milliseconds since the epoch), with the onset of scenarios marked. */
export function createChart(
  parent: HTMLElement,
  label: string,
  lines: readonly Line[],
  format: (value: number) => string,
  least: number | null = null,
  backdrop?: Backdrop,
): Chart {
  let onsets: readonly Onset[] = [];
  parent.setAttribute("role", "img");
  const readout = html("p", { class: "readout" });
  /** What the lines are where somebody points. */
  function readOut({ cursor, data }: uPlot): void {
    const i = cursor.idx;
    const at = i == null ? undefined : data[0][i];
    const known = lines.flatMap(({ label: name, isThin }, line) => {
      const value = i == null ? null : data[line + 1]?.[i];
      return isThin || value == null ? [] : [`${name} ${format(value)}`];
    });
    readout.textContent = at === undefined || known.length === 0 ? "" : [clock(1000 * at), ...known].join(" · ");
  }
  const axis = {
    stroke: () => color("--quiet"),
    grid: { stroke: () => color("--line"), width: 1 },
    ticks: { show: false },
    font: "12px system-ui, sans-serif",
  };
  const chart = new uPlot(
    {
      width: Math.max(240, parent.clientWidth),
      height,
      padding: [20, 30, null, null],
      legend: { show: false },
      cursor: { y: false },
      scales: {
        y: {
          range: (_, low, high) => rangeOf(low, high, least),
        },
      },
      series: [
        {},
        ...lines.map(
          (line): uPlot.Series => ({
            label: line.label,
            stroke: () => color(line.color),
            width: line.isThin ? 0.5 : 2,
            ...(line.isDashed && { dash: [6, 4], width: 1.5 }),
            // A line of one point is not seen.
            points: {
              show: (u, i) => !line.isThin && (u.data[i] as unknown[]).filter((value) => value != null).length < 2,
              size: 6,
            },
          }),
        ),
      ],
      bands: lines.flatMap((line, i) =>
        line.shadesToNext
          ? [
              {
                series: [i + 1, i + 2] as [number, number],
                fill: () => faded(line.color),
              },
            ]
          : [],
      ),
      axes: [
        { ...axis, size: 30, space: 80, values: (_, ticks) => clocks(ticks) },
        backdrop
          ? { ...axis, size: 62, splits: () => backdrop.ticks().at, values: () => backdrop.ticks().words }
          : { ...axis, size: 62, values: (_, ticks) => ticks.map(format) },
      ],
      hooks: {
        drawClear: backdrop ? [(u) => backdrop.paint(u)] : [],
        draw: [(u) => drawOnsets(u, onsets)],
        setCursor: backdrop ? [] : [(u) => readOut(u)],
      },
    },
    [[], ...lines.map((): number[] => [])],
    parent,
  );
  drawn.add(chart);
  parent.append(readout);
  new ResizeObserver(() => {
    if (parent.clientWidth > 0) chart.setSize({ width: parent.clientWidth, height });
  }).observe(parent);

  return {
    update(times, values, marks) {
      onsets = marks;
      chart.setData(withGaps(times, values));
      const last = values.map((line, i) => {
        const value = line.findLast((found) => found !== null);
        return lines[i]?.isThin || typeof value !== "number" ? "" : `, ${lines[i]?.label} ${format(value)}`;
      });
      const [from = 0, to = 0] = [times[0], times.at(-1)];
      const marked = marks
        .filter(({ at }) => at >= from && at <= to)
        .map(({ at, name }) => `; ${name} from ${clock(at)} on`);
      parent.toggleAttribute("data-marked", marked.length > 0);
      parent.setAttribute("aria-label", [label, ...last, ...marked].join(""));
    },
  };
}

/** The range of the vertical axis, with room above and below. */
export function rangeOf(low: number | null, high: number | null, least: number | null): [number, number] {
  const top = high ?? 1;
  const bottom = least === null ? (low ?? 0) : Math.min(least, low ?? least);
  const room = Math.max(0.08 * (top - bottom), 1e-4);
  return [least === null ? bottom - room : bottom, top + room];
}

/** Whole minutes, with seconds when there are several ticks a minute. */
function clocks(ticks: readonly number[]): string[] {
  const isFine = ticks.length > 1 && (ticks[1] as number) - (ticks[0] as number) < 60;
  return ticks.map((tick) => (isFine ? clock(1000 * tick) : clock(1000 * tick).slice(0, 5)));
}

/** Breaks the lines where nothing was known for much longer than usual. */
function withGaps(times: readonly number[], values: readonly (number | null)[][]): uPlot.AlignedData {
  const steps = times.slice(1).map((time, i) => time - (times[i] as number));
  const usual = steps.toSorted((a, b) => a - b)[Math.floor(steps.length / 2)] ?? 0;
  const moments: number[] = [];
  const lines: (number | null)[][] = values.map(() => []);
  times.forEach((time, i) => {
    if (i > 0 && (steps[i - 1] as number) > Math.max(10_000, 5 * usual)) {
      moments.push((time + (times[i - 1] as number)) / 2000);
      for (const line of lines) line.push(null);
    }
    moments.push(time / 1000);
    for (const [l, line] of lines.entries()) line.push(values[l]?.[i] ?? null);
  });
  return [moments, ...lines];
}

function drawOnsets(u: uPlot, onsets: readonly Onset[]): void {
  const { ctx, bbox } = u;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.strokeStyle = color("--onset");
  ctx.fillStyle = color("--onset");
  ctx.lineWidth = 1.5 * ratio;
  ctx.setLineDash([]);
  ctx.font = `${11 * ratio}px system-ui, sans-serif`;
  ctx.textAlign = "left";
  let free = Number.POSITIVE_INFINITY;
  // From the newest on: a name that would cover a newer one stands on the other side of its line, or is left out.
  for (const { at, name } of onsets.toSorted((a, b) => b.at - a.at)) {
    const x = u.valToPos(at / 1000, "x", true);
    if (!(x >= bbox.left && x <= bbox.left + bbox.width)) continue;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top - 16 * ratio);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    const width = ctx.measureText(name).width + 8 * ratio;
    const room = Math.min(free, bbox.left + bbox.width);
    const start = x + width <= room ? x : x - width;
    if (x > room || start < bbox.left) continue;
    free = start;
    ctx.fillText(name, start + 2 * ratio, bbox.top - 6 * ratio);
  }
  ctx.restore();
}
