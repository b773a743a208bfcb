import { binName } from "../../monitoring/bin-name.ts";
import { type Answer, attempt, type Bin, type Distributions, type WindowFigures } from "./api.ts";
import { createChart } from "./chart.ts";
import { html, legend, onsetLegend, piece } from "./dom.ts";
import { count, percent, shortPercent } from "./format.ts";
import { createHeat } from "./heat.ts";
import { type History, shown } from "./history.ts";
import { createPanel, type PanelView } from "./panel.ts";
import { createThresholdChart } from "./threshold-chart.ts";

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
          html("span", { class: "number" }, percent(current), html("span", { class: "hidden" }, " now,")),
          html("span", { class: "number before" }, percent(reference), html("span", { class: "hidden" }, " before")),
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

/** Predictions below which the share of a minute says nothing. */
const leastInMinute = 30;

export function createPredictions(history: History) {
  const balance = createPanel("balance");
  const scoreNow = createPanel("scoreDistribution");
  const overTime = createPanel("scoreOverTime");
  const drift = createPanel("scoreDrift");
  const balanceCanvas = html("div", { class: "chart" });
  const balanceText = html("p", { class: "quiet" });
  balance.body.append(
    balanceText,
    balanceCanvas,
    legend([
      { kind: "now", text: "called churners, by minute" },
      { kind: "reference", text: "called at training, of customers held out", isDashed: true },
      onsetLegend,
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
  const driftChart = createThresholdChart(drift.body, {
    label: "Drift of the score over time",
    statistic: "PSI",
    legend: "PSI",
    least: 0,
  });
  const heat = createHeat(overTime.body);

  /** The minutes that say something; tells the panel what it waits for when there is none. */
  function minutesOf(figures: WindowFigures, view: PanelView): WindowFigures["minutes"] {
    const minutes = figures.minutes.filter(({ at, rows }) => rows >= leastInMinute && at > figures.at - shown);
    const rows = figures.minutes.reduce((sum, minute) => sum + minute.rows, 0);
    if (minutes.length === 0)
      view.empty(`Waiting for ${leastInMinute} predictions in a minute: ${count(rows)} came in the last hour`);
    return minutes;
  }

  function drawBalance(figures: WindowFigures): void {
    const { churners, at: now } = figures;
    const minutes = minutesOf(figures, balance);
    if (minutes.length === 0) return;
    const points = [...minutes, { at: now, predicted: churners.predicted }];
    balance.ready(points.filter(({ predicted }) => predicted).length);
    balanceText.textContent = `called now ${percent(churners.predicted)}, at training ${percent(churners.called_at_training)} · did churn now ${percent(churners.observed)}, at training ${percent(churners.training)}`;
    balanceChart.update(
      points.map(({ at }) => at),
      [points.map(({ predicted }) => predicted), points.map(() => churners.called_at_training)],
      history.onsets,
    );
  }

  function drawHeat(figures: WindowFigures): void {
    const minutes = minutesOf(figures, overTime);
    if (minutes.length === 0) return;
    heat.update({ ...figures, minutes }, history.onsets);
    overTime.ready(minutes.reduce((sum, minute) => sum + minute.score.filter((share) => share > 0).length, 0));
  }

  return {
    async update(figures: Answer<WindowFigures>, distributions: Answer<Distributions>, waiting: string): Promise<void> {
      // What is marked in the charts is known from the past.
      const past = await attempt(history.ensure("prediction", "psi"));
      balance.draw([figures], drawBalance);
      overTime.draw([figures], drawHeat);
      scoreNow.draw([distributions], ({ score }) => {
        const known = score.bins.filter(({ current }) => current > 0).length;
        if (known === 0) {
          scoreNow.empty(waiting);
          return;
        }
        scoreNow.body.replaceChildren(sharesList(score.bins, shortPercent));
        scoreNow.ready(known);
      });
      drift.draw([past], () => {
        const results = history.of("prediction", "psi");
        const known = results.filter(({ value }) => value !== null && value > 0).length;
        if (known === 0) {
          drift.empty(waiting);
          return;
        }
        drift.ready(known);
        driftChart.update(results, history.onsets);
      });
    },
  };
}
