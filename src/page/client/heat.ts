import type uPlot from "uplot";
import type { WindowFigures } from "./api.ts";
import { color, createChart, type Onset } from "./chart.ts";
import { html, legend, onsetLegend } from "./dom.ts";
import { count, shortPercent } from "./format.ts";

/** As if so many more had been as in the reference: a minute of few predictions is not coloured by chance. */
const damping = 100;
/** The first minute is a narrow column beside the time to come. */
const shortest = 5 * 60_000;

interface Column {
  from: number;
  to: number;
  /** Twice as many as in the reference is 1, half −1; from the lowest bin to the highest. */
  changes: number[];
}

/** The scores over time: a column a minute, a row a bin, coloured by how far it has more or fewer customers than the reference. */
export function createHeat(body: HTMLElement) {
  let columns: Column[] = [];
  let edges: readonly number[] = [];
  const text = html("p", { class: "quiet" });
  const canvas = html("div", { class: "chart" });
  body.append(
    text,
    canvas,
    legend([
      { kind: "estimate", text: "more customers than in the reference" },
      { kind: "now", text: "fewer" },
      onsetLegend,
    ]),
  );
  const chart = createChart(
    canvas,
    "Scores minute by minute, beside those of the reference",
    [{ label: "bins", color: "--clear", isThin: true }],
    String,
    0,
    {
      paint: (u) => paint(u, columns),
      ticks: () => ({
        at: edges.map((_, i) => i + 1),
        words: edges.map((edge, i) => (i % 2 === 0 ? shortPercent(edge) : "")),
      }),
    },
  );

  return {
    update({ at: now, minutes, score }: WindowFigures, onsets: readonly Onset[]): void {
      text.textContent = `By probability, a column a minute: ${count(minutes.length)} so far`;
      edges = score.edges;
      columns = minutes.map((minute) => ({
        from: minute.at,
        to: Math.min(minute.at + 60_000, now),
        changes: minute.score.map((share, bin) => {
          const before = score.reference[bin] ?? 0;
          const damped = (minute.rows * share + damping * before) / (minute.rows + damping);
          return Math.log2((damped + 1e-6) / (before + 1e-6));
        }),
      }));
      const from = Math.min(minutes[0]?.at ?? now, now - shortest);
      chart.update([from, now], [[0, score.reference.length]], onsets);
    },
  };
}

function paint(u: uPlot, columns: readonly Column[]): void {
  const { ctx } = u;
  ctx.save();
  for (const { from, to, changes } of columns) {
    const [left, right] = [u.valToPos(from / 1000, "x", true), u.valToPos(to / 1000, "x", true)];
    changes.forEach((change, bin) => {
      const [bottom, top] = [u.valToPos(bin, "y", true), u.valToPos(bin + 1, "y", true)];
      ctx.fillStyle = color(change > 0 ? "--estimate" : "--now");
      ctx.globalAlpha = Math.min(1, 0.06 + Math.abs(change));
      ctx.fillRect(left, top, right - left, bottom - top);
    });
  }
  ctx.restore();
}
