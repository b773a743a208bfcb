import type { DrawnPanel, DrawnSeries } from "./dashboard-pictures.ts";
import { colorOf, format, stepColor, themed } from "./dashboard-words.ts";

interface Canvas {
  context: CanvasRenderingContext2D;
  width: number;
  height: number;
}

/** A canvas that fills the panel, with the pen for labels. */
function canvasIn(body: HTMLElement): Canvas {
  const canvas = document.createElement("canvas");
  canvas.width = body.clientWidth;
  canvas.height = body.clientHeight;
  body.append(canvas);
  const context = canvas.getContext("2d") as CanvasRenderingContext2D;
  context.font = "11px system-ui";
  context.fillStyle = themed("text");
  return { context, width: canvas.width, height: canvas.height };
}

const bottom = 18;

/** Shares by bin: what is beside the reference. */
export function drawShares({ panel, series }: DrawnPanel, body: HTMLElement): void {
  const left = 46;
  const orders = new Map(series.flatMap(({ labels: { bin, order } }) => (bin && order ? [[bin, Number(order)]] : [])));
  const orderOf = (bin: string): number => orders.get(bin) ?? 0;
  const bins = [...new Set(series.map(({ labels }) => labels.bin ?? ""))]
    .sort()
    .sort((a, b) => orderOf(a) - orderOf(b));
  const names = (panel.targets ?? []).map(({ legendFormat }) => legendFormat);
  const { context, width, height } = canvasIn(body);
  const most = 1.05 * Math.max(...series.map(({ values }) => values[0] ?? 0));
  const room = (width - left) / bins.length;
  const yOf = (share: number): number => (height - bottom) * (1 - share / most);
  for (const part of [0, 1 / 3, 2 / 3]) {
    context.fillText(format(part * most, "percentunit"), 0, yOf(part * most) + 4);
    context.fillRect(left, yOf(part * most), width - left, 0.3);
  }
  // Every label that has room, from the left on.
  let free = 0;
  bins.forEach((bin, i) => {
    const text = bin.length > 24 ? `${bin.slice(0, 23)}…` : bin;
    const x = left + i * room + 2;
    if (x < free) return;
    context.fillText(text, x, height - 4);
    free = x + context.measureText(text).width + 6;
  });
  for (const { name, labels, values } of series) {
    const place = bins.indexOf(labels.bin ?? "") + 0.1 + 0.4 * names.indexOf(name);
    context.fillStyle = colorOf(panel, name, names.indexOf(name));
    context.fillRect(left + place * room, yOf(values[0] ?? 0), 0.38 * room, height - bottom - yOf(values[0] ?? 0));
  }
}

function labelTimes({ context, width, height }: Canvas, times: readonly number[], left: number): void {
  const room = (width - left) / times.length;
  context.fillStyle = themed("text");
  for (let i = 0; i < times.length && left + i * room + 55 < width; i += Math.ceil(80 / room))
    context.fillText(new Date(1000 * (times[i] as number)).toISOString().slice(11, 19), left + i * room, height - 4);
}

/** The upper end of a bucket, as Prometheus writes it. */
const endOf = ({ labels }: DrawnSeries): number =>
  labels.le === "+Inf" ? Number.POSITIVE_INFINITY : Number(labels.le);

/** Counts by bucket over time; a bucket of Prometheus holds those below it. */
export function drawHeat({ panel, series }: DrawnPanel, body: HTMLElement): void {
  const left = 46;
  const exponent = panel.options?.color?.exponent ?? 1;
  const buckets = series.toSorted((a, b) => endOf(a) - endOf(b));
  const canvas = canvasIn(body);
  const { context, width, height } = canvas;
  const times = [...new Set(series.flatMap((one) => one.times))].sort((a, b) => a - b);
  const rows = buckets.map(({ times: own, values }, b) => {
    const below = buckets[b - 1];
    const under = new Map(below?.times.map((time, i) => [time, below.values[i] as number]));
    return new Map(own.map((time, i) => [time, Math.max(0, (values[i] as number) - (under.get(time) ?? 0))]));
  });
  const most = Math.max(...rows.flatMap((row) => [...row.values()].filter(Number.isFinite)));
  const size = { x: (width - left) / times.length, y: (height - bottom) / rows.length };
  rows.forEach((row, b) => {
    const y = height - bottom - (b + 1) * size.y;
    if (b % 2 === 0) context.fillText(buckets[b]?.labels.le ?? "", 0, y + 9);
    times.forEach((time, t) => {
      context.save();
      context.fillStyle = `rgba(87,148,242,${((row.get(time) ?? 0) / most) ** exponent})`;
      const x = Math.round(left + t * size.x);
      context.fillRect(x, y, Math.round(left + (t + 1) * size.x) - x, size.y);
      context.restore();
    });
  });
  labelTimes(canvas, times, left);
}

/** A row for each series, its cells in the colours of the steps. */
export function drawStates({ panel, series }: DrawnPanel, body: HTMLElement): void {
  const left = 110;
  const canvas = canvasIn(body);
  const { context, width, height } = canvas;
  const times = [...new Set(series.flatMap((one) => one.times))].sort((a, b) => a - b);
  const size = { x: (width - left) / times.length, y: (height - bottom) / series.length };
  series.forEach(({ name, times: own, values }, row) => {
    context.fillStyle = themed("text");
    context.fillText(name, 0, row * size.y + size.y / 2 + 4);
    own.forEach((time, i) => {
      const value = values[i] as number;
      if (Number.isNaN(value)) return;
      context.fillStyle = stepColor(panel, value);
      context.fillRect(left + times.indexOf(time) * size.x, row * size.y + 1, size.x - 1, size.y - 2);
    });
  });
  labelTimes(canvas, times, left);
}
