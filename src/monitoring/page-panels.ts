import { serviceMetrics as metrics } from "../metric-catalogue.ts";
import type { PerformanceMetric } from "../models/manifest.ts";
import { inputPanels } from "./input-panels.ts";
import { metricTitles, shownMetrics } from "./metric-titles.ts";
import { type Panel, young } from "./panel.ts";
import { performancePanels } from "./performance-panels.ts";
import { predictionPanels } from "./prediction-panels.ts";
import { sourcePanels } from "./source-panels.ts";

/** A panel as the operator's page shows it, with the metrics that say the same in Prometheus. */
export type PagePanel = Pick<Panel, "title" | "meaning" | "empty"> & { metrics: string[] };

function pagePanel(panels: readonly Panel[], title: string): PagePanel {
  const panel = panels.find((candidate) => candidate.title === title);
  if (!panel) throw new Error(`there is no panel "${title}" for the operator's page`);
  const { meaning, empty, series } = panel;
  const names = series.flatMap(({ expression }) => expression.match(/churn_[a-z_]+/g) ?? []);
  return { title, meaning, empty, metrics: [...new Set(names)] };
}

const quality = ["Missing values, against the reference", "Categories never seen", "Values out of range"].map((title) =>
  pagePanel(sourcePanels, title),
);

/** What the operator's page draws: panels of the dashboards, and what Prometheus cannot hold. */
export const pagePanels = {
  ...(Object.fromEntries(
    shownMetrics.map((metric) => [metric, pagePanel(performancePanels, metricTitles[metric])]),
  ) as Record<PerformanceMetric, PagePanel>),
  confusion: pagePanel(performancePanels, "Confusion"),
  calibration: {
    title: "Calibration",
    meaning:
      "Of the customers that were given a probability, how many did churn. On the diagonal a probability means what it says; dots are as large as their share of the customers.",
    empty: "No label is known yet",
    metrics: [],
  },
  roc: {
    title: "ROC curve",
    meaning:
      "Churners found against others wrongly called, for every threshold; the point is the threshold in use. The diagonal is chance.",
    empty: "Labels of both classes are needed",
    metrics: [],
  },
  balance: pagePanel(predictionPanels, "Predicted churners"),
  scoreDrift: pagePanel(predictionPanels, "Drift of the score"),
  scoreOverTime: pagePanel(predictionPanels, "Score over time"),
  scoreDistribution: {
    title: "Score now",
    meaning: "Share of the window's customers in each tenth of the reference's probabilities, beside the reference.",
    empty: young,
    metrics: [metrics.probability.name],
  },
  driftNow: pagePanel(inputPanels, "Drift now, the strongest first"),
  feature: {
    title: "One input",
    meaning:
      "Share of each bin in the window beside its share in the reference, and the distance between the two over time. Choose the input in the list of drifts.",
    empty: young,
    metrics: [metrics.featureBins.name, metrics.featureReference.name, metrics.featureDrift.name],
  },
  together: pagePanel(inputPanels, "All inputs together"),
  quality: {
    title: "Missing, never seen, out of range",
    meaning: quality.map(({ meaning }) => meaning).join(" "),
    empty: young,
    metrics: quality.flatMap((panel) => panel.metrics),
  },
  rejections: pagePanel(sourcePanels, "Rejected requests"),
  customer: {
    title: "A customer",
    meaning:
      "A customer that was held out from training, or one of your own: empty fields are missing, which is information here. What is predicted here is stored and watched like any other prediction.",
    empty: "No field is known",
    metrics: [],
  },
  answer: {
    title: "Answer",
    meaning:
      "What POST /predict?explain=true answers. Reasons are SHAP values in log-odds: together with the average customer they add up to the probability.",
    empty: "Pick a customer or fill one in, then predict",
    metrics: [],
  },
  versions: {
    title: "Versions",
    meaning: "Every trained version as measured on customers held out from its training, and when it served.",
    empty: "No model is trained yet",
    metrics: [metrics.modelInfo.name],
  },
} as const satisfies Record<string, PagePanel>;
