import type { Distributions, Monitoring, Result, Setup, WindowFigures } from "./api.ts";
import { createChart } from "./chart.ts";
import { byId, html, legend, piece } from "./dom.ts";
import { figure, percent } from "./format.ts";
import type { History } from "./history.ts";
import { createPanel } from "./panel.ts";
import { sharesList } from "./predictions.ts";

const ratioOf = ({ value, threshold }: Result): number => (value ?? 0) / (threshold.upper ?? Number.POSITIVE_INFINITY);

export function createInputs(setup: Setup, history: History, now: () => number) {
  const panel = createPanel("driftNow", setup);
  const list = html("div", { class: "bars" });
  panel.body.append(
    list,
    legend([
      { kind: "now", text: "drift" },
      { kind: "threshold", text: "threshold (the middle); the bar ends at twice of it" },
    ]),
  );
  const pane = byId("feature");
  const title = html("h3");
  const about = html("p", { class: "quiet" });
  const figures = html("p", { class: "quiet" });
  const shares = html("div");
  const canvas = html("div", { class: "chart" });
  pane.append(
    title,
    about,
    figures,
    shares,
    canvas,
    legend([
      { kind: "now", text: "drift over time" },
      { kind: "threshold", text: "threshold", isDashed: true },
      { kind: "onset", text: "scenario begins" },
    ]),
  );
  const chart = createChart(
    canvas,
    "Drift of this input over time",
    [
      { label: "PSI", color: "--now" },
      { label: "threshold", color: "--threshold", isDashed: true },
    ],
    (value) => figure(value),
    0,
  );
  let chosen: string | null = null;
  let isChosenByHand = false;
  let last: { monitoring: Monitoring; distributions: Distributions; window: WindowFigures } | null = null;
  const loaded = new Set<string>();

  async function choose(feature: string, byHand: boolean): Promise<void> {
    chosen = feature;
    isChosenByHand ||= byHand;
    drawFeature();
    if (!loaded.has(feature)) {
      loaded.add(feature);
      await history.load("drift", now(), feature);
      drawFeature();
    }
  }

  function drawFeature(): void {
    if (!last || !chosen) return;
    const { monitoring, distributions, window } = last;
    const field = setup.fields.find(({ name }) => name === chosen);
    const of = (monitor: string, metric: string) =>
      monitoring.results.find(
        (result) => result.monitor === monitor && result.metric === metric && result.feature === chosen,
      );
    title.textContent = chosen;
    about.textContent = field?.about ?? "";
    const bins = distributions.features.find(({ feature }) => feature === chosen)?.bins ?? [];
    const missing = bins.find(({ bin }) => bin === "__missing__");
    const drift = of("drift", "psi");
    figures.textContent = [
      `PSI ${figure(drift?.value)} of ${figure(drift?.threshold.upper)}`,
      `missing ${percent(missing?.current)} (reference ${percent(missing?.reference)})`,
      `contribution to the model ${percent(window.model.importance[chosen])}`,
    ].join(" · ");
    shares.replaceChildren(sharesList(bins));
    const results = history.of("drift", "psi", chosen);
    chart.update(
      results.map((result) => Date.parse(result.evaluated_at)),
      [results.map(({ value }) => value), results.map(({ threshold }) => threshold.upper)],
      history.onsets,
    );
    for (const button of list.children) button.setAttribute("aria-pressed", String(button.id === `drift-${chosen}`));
  }

  return {
    async update(monitoring: Monitoring, distributions: Distributions, window: WindowFigures): Promise<void> {
      last = { monitoring, distributions, window };
      const drifts = monitoring.results
        .filter(
          ({ monitor, metric, feature, value }) => monitor === "drift" && metric === "psi" && feature && value !== null,
        )
        .sort((a, b) => ratioOf(b) - ratioOf(a));
      const points = drifts.filter(({ value }) => value).length;
      pane.hidden = points === 0;
      if (points === 0) {
        panel.empty(`Waiting for ${setup.least.rows} predictions: ${monitoring.rows} are there`);
        return;
      }
      panel.ready(points);
      const focused = document.activeElement?.id;
      list.replaceChildren(...drifts.map(row));
      if (focused?.startsWith("drift-")) document.getElementById(focused)?.focus();
      const first = (monitoring.alarms.find(({ monitor }) => monitor === "drift") ?? drifts[0])?.feature;
      if (!isChosenByHand && first && first !== chosen) await choose(first, false);
      else drawFeature();
    },
  };

  function row(result: Result): HTMLElement {
    const ratio = ratioOf(result);
    const feature = result.feature as string;
    const button = html(
      "button",
      {
        type: "button",
        class: "drift",
        id: `drift-${feature}`,
        "data-verdict": result.verdict,
        "aria-pressed": String(feature === chosen),
      },
      html("span", {}, feature),
      html("span", { class: "track" }, piece(0, Math.min(1, ratio / 2)), html("b")),
      html(
        "span",
        { class: "figure" },
        ratio >= 100 ? "> 100 ×" : `${figure(ratio, 2)} ×`,
        html("span", { class: "hidden" }, " its threshold"),
      ),
    );
    button.addEventListener("click", () => {
      choose(feature, true).catch((error) => {
        about.textContent = String(error);
      });
    });
    return button;
  }
}
