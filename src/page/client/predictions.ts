import type { Bin, Distributions, Setup, WindowFigures } from "./api.ts";
import { color, createChart } from "./chart.ts";
import { html, legend, piece } from "./dom.ts";
import { binName, clock, figure, percent, shortPercent } from "./format.ts";
import type { History } from "./history.ts";
import { createPanel } from "./panel.ts";

/** Shares by bin, now above the reference. */
export function sharesList(bins: readonly Bin[], format?: (value: number) => string): HTMLElement {
  const most = Math.max(...bins.flatMap(({ current, reference }) => [current, reference]), 1e-9);
  return html(
    "div",
    {},
    html(
      "ul",
      { class: "shares" },
      ...bins.map(({ bin, reference, current }) =>
        html(
          "li",
          {},
          html("span", { title: binName(bin, format) }, binName(bin, format)),
          html("span", { class: "pair" }, bar(current / most), bar(reference / most)),
          html("span", { class: "number" }, percent(current)),
          html("span", { class: "number before" }, percent(reference)),
        ),
      ),
    ),
    legend([
      { kind: "now", text: "now" },
      { kind: "reference", text: "reference" },
    ]),
  );
}

function bar(ratio: number): HTMLElement {
  const element = piece(0, ratio);
  element.style.left = "";
  return element;
}

export function createPredictions(setup: Setup, history: History) {
  const balance = createPanel("balance", setup);
  const scoreNow = createPanel("scoreDistribution", setup);
  const overTime = createPanel("scoreOverTime", setup);
  const drift = createPanel("scoreDrift", setup);
  const balanceCanvas = html("div", { class: "chart" });
  const balanceText = html("p", { class: "quiet" });
  balance.body.append(
    balanceText,
    balanceCanvas,
    legend([
      { kind: "now", text: "called churners, by minute" },
      { kind: "reference", text: "called at training, of customers held out", isDashed: true },
      { kind: "onset", text: "scenario begins" },
    ]),
  );
  const driftCanvas = html("div", { class: "chart" });
  drift.body.append(
    driftCanvas,
    legend([
      { kind: "now", text: "PSI" },
      { kind: "threshold", text: "threshold", isDashed: true },
      { kind: "onset", text: "scenario begins" },
    ]),
  );
  const heat = html("canvas", { class: "heat", role: "img" });
  const ends = html("p", { class: "ends" });
  overTime.body.append(
    html("p", { class: "quiet" }, "high probability"),
    heat,
    html("p", { class: "quiet" }, "low probability"),
    ends,
    legend([
      { kind: "estimate", text: "more customers than in the reference" },
      { kind: "now", text: "fewer" },
    ]),
  );
  const balanceChart = createChart(
    balanceCanvas,
    "Share of predicted churners over time",
    [
      { label: "called churners", color: "--now" },
      { label: "at training", color: "--reference", isDashed: true },
    ],
    (value) => percent(value, 0),
    0,
  );
  const driftChart = createChart(
    driftCanvas,
    "Drift of the score over time",
    [
      { label: "PSI", color: "--now" },
      { label: "threshold", color: "--threshold", isDashed: true },
    ],
    (value) => figure(value),
    0,
  );

  return {
    update(figures: WindowFigures, { score }: Distributions): void {
      const { minutes, churners } = figures;
      if (minutes.length === 0) {
        balance.empty();
        overTime.empty();
      } else {
        const newest = { at: figures.at, predicted: churners.predicted };
        const points = [...minutes, newest];
        balance.ready(points.filter(({ predicted }) => predicted).length);
        balanceText.textContent = `called now ${percent(churners.predicted)}, at training ${percent(churners.called_at_training)} · did churn now ${percent(churners.observed)}, at training ${percent(churners.training)}`;
        balanceChart.update(
          points.map(({ at }) => at),
          [points.map(({ predicted }) => predicted), points.map(() => churners.called_at_training)],
          history.onsets,
        );
        overTime.ready(minutes.length);
        drawHeat(heat, figures);
        heat.setAttribute("aria-label", `Scores of the last ${minutes.length} minutes by tenth of the reference`);
        ends.replaceChildren(
          html("span", {}, clock((minutes[0] as { at: number }).at)),
          html("span", {}, clock(figures.at)),
        );
      }
      const shown = score.bins.filter(({ current }) => current > 0).length;
      if (shown === 0) scoreNow.empty();
      else {
        scoreNow.body.replaceChildren(sharesList(score.bins, shortPercent));
        scoreNow.ready(shown);
      }
      const results = history.of("prediction", "psi");
      const known = results.filter(({ value }) => value !== null && value > 0).length;
      if (known === 0) drift.empty();
      else {
        drift.ready(known);
        driftChart.update(
          results.map((result) => Date.parse(result.evaluated_at)),
          [results.map(({ value }) => value), results.map(({ threshold }) => threshold.upper)],
          history.onsets,
        );
      }
    },
  };
}

/** A column a minute, a row a bin of the reference: coloured by how far it has more or fewer customers than the reference. */
function drawHeat(canvas: HTMLCanvasElement, { minutes, score }: WindowFigures): void {
  const bins = score.reference.length;
  canvas.width = Math.max(minutes.length, 1);
  canvas.height = bins;
  const context = canvas.getContext("2d");
  if (!context) return;
  minutes.forEach((minute, column) => {
    minute.score.forEach((share, bin) => {
      const change = Math.log2((share + 1e-6) / ((score.reference[bin] ?? 0) + 1e-6));
      context.fillStyle = color(change > 0 ? "--estimate" : "--now");
      context.globalAlpha = Math.min(1, 0.06 + Math.abs(change));
      context.fillRect(column, bins - 1 - bin, 1, 1);
    });
  });
}
