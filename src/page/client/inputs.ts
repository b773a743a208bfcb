import {
  type Answer,
  attempt,
  type Distributions,
  type Monitoring,
  type Result,
  type Setup,
  type WindowFigures,
} from "./api.ts";
import { fact, html, legend, piece } from "./dom.ts";
import { figure, percent } from "./format.ts";
import type { History } from "./history.ts";
import { createPanel } from "./panel.ts";
import { sharesList } from "./predictions.ts";
import { createThresholdChart } from "./threshold-chart.ts";

const ratioOf = ({ value, threshold }: Result): number => (value ?? 0) / (threshold.upper ?? Number.POSITIVE_INFINITY);

type Seen = [Answer<Monitoring>, Answer<Distributions>, Answer<WindowFigures>];

const multivariateMetric = "domain_auc";

/** What is known of the drift of each field, the strongest first. */
const driftsOf = ({ results }: Monitoring): Result[] =>
  results
    .filter(
      ({ monitor, metric, feature, value }) => monitor === "drift" && metric === "psi" && feature && value !== null,
    )
    .sort((a, b) => ratioOf(b) - ratioOf(a));

export function createInputs(setup: Setup, history: History) {
  const panel = createPanel("driftNow");
  const together = createPanel("together");
  const pane = createPanel("feature");
  const list = html("div", { class: "bars" });
  panel.body.append(
    list,
    legend([
      { kind: "now", text: "drift" },
      { kind: "threshold", text: "threshold (the middle); the bar ends at twice of it" },
    ]),
  );
  const about = html("p", { class: "quiet" });
  const figures = html("dl", { class: "facts" });
  const shares = html("div");
  pane.body.append(about, figures, shares);
  const chart = createThresholdChart(pane.body, {
    label: "Drift of this input over time",
    statistic: "PSI",
    legend: "drift over time",
    least: 0,
  });
  const togetherText = html("p", { class: "quiet" });
  together.body.append(togetherText);
  const togetherChart = createThresholdChart(together.body, {
    label: "How well trees tell the window from the reference, over time",
    statistic: "ROC AUC",
    legend: "ROC AUC of telling the window from the reference",
    least: 0.5,
  });
  let chosen: string | null = null;
  let isChosenByHand = false;
  let last: Seen | null = null;
  let waiting = "";

  async function choose(feature: string | null): Promise<void> {
    chosen = feature;
    const past = feature === null ? { value: undefined } : await attempt(history.ensure("drift", "psi", feature));
    if (last && chosen === feature) pane.draw([...last, past], drawFeature);
  }

  function drawFeature(monitoring: Monitoring, distributions: Distributions, window: WindowFigures): void {
    if (chosen === null) {
      pane.empty(waiting);
      return;
    }
    const field = setup.fields.find(({ name }) => name === chosen);
    const of = (monitor: string, metric: string) =>
      monitoring.results.find(
        (result) => result.monitor === monitor && result.metric === metric && result.feature === chosen,
      );
    pane.title.textContent = chosen;
    about.textContent = field?.about ?? "";
    const bins = distributions.features.find(({ feature }) => feature === chosen)?.bins ?? [];
    const missing = bins.find(({ bin }) => bin === "__missing__");
    const drift = of("drift", "psi");
    const leaning = of("attribution", "mean_contribution");
    figures.replaceChildren(
      fact("Drift, PSI", figure(drift?.value), `threshold ${figure(drift?.threshold.upper)}`),
      fact("Missing", percent(missing?.current), `reference ${percent(missing?.reference)}`),
      fact("Importance", percent(window.model.importance[chosen]), "of all fields to the model"),
      fact(
        "Contribution",
        figure(leaning?.value, 2),
        leaning?.value == null
          ? "not measured"
          : `log-odds, usual ${figure(leaning.threshold.lower, 2)} to ${figure(leaning.threshold.upper, 2)}`,
      ),
    );
    shares.replaceChildren(sharesList(bins));
    const results = history.of("drift", "psi", chosen);
    pane.ready(bins.filter(({ current }) => current > 0).length);
    chart.update(results, history.onsets);
    for (const button of list.children) button.setAttribute("aria-pressed", String(button.id === `drift-${chosen}`));
  }

  function drawTogether(): void {
    const results = history.of("multivariate", multivariateMetric);
    const known = results.filter(({ value }) => value !== null);
    const newest = known.at(-1);
    if (!newest) {
      together.empty(waiting);
      return;
    }
    together.ready(known.length);
    togetherText.textContent = newest.sentence;
    togetherChart.update(results, history.onsets);
  }

  function drawList(monitoring: Monitoring): void {
    const drifts = driftsOf(monitoring);
    const points = drifts.filter(({ value }) => value).length;
    if (points === 0) {
      panel.empty(waiting);
      return;
    }
    panel.ready(points);
    const focused = document.activeElement?.id;
    list.replaceChildren(...drifts.map(row));
    if (focused?.startsWith("drift-")) document.getElementById(focused)?.focus();
  }

  return {
    async update(seen: Seen, text: string): Promise<void> {
      last = seen;
      waiting = text;
      const [monitoring] = seen;
      panel.draw([monitoring], drawList);
      together.draw([monitoring, await attempt(history.ensure("multivariate", multivariateMetric))], drawTogether);
      if (isChosenByHand || "error" in monitoring) return choose(chosen);
      const { value } = monitoring;
      const alarm = value.alarms.find(({ monitor }) => monitor === "drift");
      return choose((alarm ?? driftsOf(value)[0])?.feature ?? null);
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
        "aria-controls": "feature",
      },
      html("span", {}, feature),
      html("span", { class: "track" }, piece(0, Math.min(1, ratio / 2)), html("b")),
      html(
        "span",
        { class: "figure" },
        ratio >= 100 ? "> 100 ×" : `${figure(ratio, ratio >= 10 ? 0 : 2)} ×`,
        html("span", { class: "hidden" }, " its threshold"),
      ),
    );
    button.addEventListener("click", () => {
      isChosenByHand = true;
      void choose(feature).then(() => pane.show());
    });
    return button;
  }
}
