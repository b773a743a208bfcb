import uPlot from "uplot";
import { h } from "./dom.ts";
import { timeOfDay } from "./format.ts";

export interface Line {
  label: string;
  values: (number | null)[];
  style: "main" | "second" | "threshold" | "reference";
}

export interface TimeChart {
  /** Seconds since the epoch, ascending. */
  times: number[];
  lines: Line[];
  /** Lower and upper values of a band around the first line. */
  band?: { lower: (number | null)[]; upper: (number | null)[] };
  /** Moments to mark, seconds since the epoch. */
  marks: { at: number; label: string }[];
  format(value: number): string;
}

const css = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const clock = (seconds: number): string => timeOfDay(new Date(1000 * seconds).toISOString());

/** Draws lines over time into an element, in its width. */
export function drawTime(element: HTMLElement, chart: TimeChart, height = 190): void {
  const strokes = { main: "--accent", second: "--second", threshold: "--critical", reference: "--muted" } as const;
  const band = chart.band;
  const width = Math.max(240, element.clientWidth);
  const series: uPlot.Series[] = [
    {},
    ...chart.lines.map(
      ({ label, style }): uPlot.Series => ({
        label,
        stroke: css(strokes[style]),
        width: style === "main" ? 2 : 1.25,
        ...(style === "threshold" && { dash: [5, 4] }),
        ...(style === "reference" && { dash: [2, 3] }),
        points: { show: chart.times.length < 3 },
        spanGaps: false,
      }),
    ),
  ];
  const data: (number | null)[][] = [chart.times, ...chart.lines.map(({ values }) => values)];
  const bands: uPlot.Band[] = [];
  if (band) {
    for (const label of ["low", "high"])
      series.push({ label, stroke: "transparent", width: 0, points: { show: false } });
    data.push(band.lower, band.upper);
    bands.push({ series: [data.length - 1, data.length - 2], fill: css("--band") });
  }
  const axis = {
    stroke: css("--muted"),
    grid: { stroke: css("--line"), width: 1 },
    ticks: { show: false },
    font: "11px system-ui",
  };
  element.replaceChildren();
  new uPlot(
    {
      width,
      height,
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false } },
      axes: [
        { ...axis, space: 80, values: (_, ticks) => ticks.map(clock) },
        { ...axis, size: 52, values: (_, ticks) => ticks.map((tick) => chart.format(tick)) },
      ],
      series,
      bands,
      hooks: {
        draw: [
          ({ ctx, bbox, valToPos }) => {
            for (const { at } of chart.marks) {
              const x = valToPos(at, "x", true);
              if (x < bbox.left || x > bbox.left + bbox.width) continue;
              ctx.save();
              ctx.strokeStyle = css("--warning");
              ctx.setLineDash([3, 3]);
              ctx.beginPath();
              ctx.moveTo(x, bbox.top);
              ctx.lineTo(x, bbox.top + bbox.height);
              ctx.stroke();
              ctx.restore();
            }
          },
        ],
      },
    },
    data as uPlot.AlignedData,
    element,
  );
  const last = (values: (number | null)[]) => values.findLast((value) => value !== null) ?? null;
  element.setAttribute("role", "img");
  element.setAttribute(
    "aria-label",
    chart.lines
      .map(({ label, values }) => {
        const value = last(values);
        return `${label}: ${value === null ? "none" : chart.format(value)}`;
      })
      .join("; "),
  );
  element.append(
    h(
      "p",
      { class: "legend" },
      ...chart.lines.map(({ label, style }) => h("span", { class: `key ${style}` }, label)),
      ...chart.marks.map(({ label }) => h("span", { class: "key mark" }, label)),
    ),
  );
}

export interface PairedBar {
  label: string;
  reference: number;
  current: number;
}

/** Bars of now beside those of the reference, one pair a line. */
export function pairedBars(bars: readonly PairedBar[], format: (value: number) => string): HTMLElement {
  const most = Math.max(1e-9, ...bars.flatMap(({ reference, current }) => [reference, current]));
  const width = (value: number) => `${((100 * value) / most).toFixed(1)}`;
  return h(
    "div",
    { class: "pairs" },
    ...bars.map(({ label, reference, current }) =>
      h(
        "div",
        { class: "pair", title: `${label}: ${format(current)} now, ${format(reference)} in the reference` },
        h("span", { class: "pair-label" }, label),
        h(
          "svg",
          { viewBox: "0 0 100 12", preserveAspectRatio: "none", "aria-hidden": "true" },
          h("rect", { class: "bar-now", x: 0, y: 0, width: width(current), height: 6 }),
          h("rect", { class: "bar-reference", x: 0, y: 7, width: width(reference), height: 4 }),
        ),
        h("span", { class: "pair-value" }, format(current)),
      ),
    ),
  );
}

/** A small square plot of y over x, both 0–1, with the diagonal. */
export function squarePlot(points: readonly { x: number; y: number }[], label: string, dots: boolean): HTMLElement {
  const at = ({ x, y }: { x: number; y: number }) => `${(4 + 92 * x).toFixed(1)},${(96 - 92 * y).toFixed(1)}`;
  return h(
    "svg",
    { viewBox: "0 0 100 100", class: "square", role: "img", "aria-label": label },
    h("rect", { x: 4, y: 4, width: 92, height: 92, class: "frame" }),
    h("line", { x1: 4, y1: 96, x2: 96, y2: 4, class: "diagonal" }),
    h("polyline", { points: points.map(at).join(" "), class: "curve" }),
    ...(dots
      ? points.map((point) => {
          const [cx, cy] = at(point).split(",") as [string, string];
          return h("circle", { cx, cy, r: 1.6, class: "dot" });
        })
      : []),
  );
}
