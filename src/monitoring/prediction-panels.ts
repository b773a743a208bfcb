import { serviceMetrics as metrics, trainingJob, trainingMetrics } from "../metric-catalogue.ts";
import { churnShare } from "./churn-share.ts";
import { type Panel, rate, select, young } from "./panel.ts";

const pushed = ({ name }: { name: string }, ...matchers: string[]): string =>
  `${name}{${[`job="${trainingJob}"`, ...matchers].join(", ")}}`;

const trainingShare = `sum(${pushed(trainingMetrics.samples, 'observed_class="1"')}) / sum(${pushed(trainingMetrics.samples)})`;

export const predictionPanels: Panel[] = [
  {
    title: "Predicted churners",
    meaning:
      "Share of customers called churners now, beside the share that churned at training (pushed by the training run). The decision threshold keeps the two apart; look at whether their distance changes.",
    unit: "ratio",
    view: "lines",
    width: 8,
    empty: "No predictions in this time",
    series: [
      {
        expression: `sum(${rate(metrics.predictions, ['predicted_class="1"'])}) / sum(${rate(metrics.predictions)})`,
        legend: "predicted",
      },
      { expression: trainingShare, legend: "churned at training", role: "reference" },
    ],
  },
  {
    title: "Mean probability",
    meaning:
      "Mean predicted probability beside the share that did churn. A gap means that probabilities are no longer calibrated.",
    unit: "ratio",
    view: "lines",
    width: 8,
    empty: "No predictions in this time",
    series: [
      {
        expression: `sum(${rate(metrics.probability, [], "sum")}) / sum(${rate(metrics.probability, [], "count")})`,
        legend: "mean probability",
      },
      { expression: churnShare, legend: "churned in the window" },
      { expression: trainingShare, legend: "churned at training", role: "reference" },
    ],
  },
  {
    title: "Drift of the score",
    meaning:
      "Distance between the scores of the window and those of the reference, with the distance that chance alone does not exceed.",
    unit: "score",
    view: "lines",
    width: 8,
    empty: young,
    series: [
      { expression: select(metrics.predictionDrift), legend: "{{method}}" },
      { expression: select(metrics.predictionDriftThreshold), legend: "threshold", role: "threshold" },
    ],
  },
  {
    title: "Score over time",
    meaning: "How many customers got which probability. Bands that wander show drift before the mean does.",
    unit: "per second",
    view: "heatmap",
    width: 12,
    empty: "No predictions in this time",
    series: [{ expression: `sum by (le) (${rate(metrics.probability, [], "bucket")})`, legend: "{{le}}" }],
  },
  {
    title: "Predictions",
    meaning: "Predictions answered, by predicted class; 1 is churn.",
    unit: "per second",
    view: "lines",
    width: 12,
    empty: "No predictions in this time",
    series: [
      { expression: `sum by (predicted_class) (${rate(metrics.predictions)})`, legend: "class {{predicted_class}}" },
    ],
  },
];
