import { type FieldName, fieldNames } from "../customer.ts";
import { serviceMetrics, trainingJob, trainingMetrics } from "../metric-catalogue.ts";
import type { PerformanceMetric } from "../models/manifest.ts";
import { missingBin, zeroBin } from "../models/profile.ts";
import { baselines } from "./baselines.ts";
import { metricNames } from "./words.ts";

export type Unit =
  | "ratio"
  | "score"
  | "of threshold"
  | "count"
  | "per second"
  | "seconds"
  | "bytes"
  | "name"
  | "level"
  | "severity";

/** One query of a panel and how its result is drawn; without a role it is the figure itself. */
export interface Series {
  /** PromQL; `$job`, `$instance` and `$__rate_interval` are filled in by whoever asks. */
  expression: string;
  /** `{{label}}` stands for the value of a label. */
  legend: string;
  role?: "lower" | "upper" | "threshold" | "reference";
}

export interface Panel {
  title: string;
  /** What the picture says and how to read it. */
  meaning: string;
  unit: Unit;
  /**
   * `lines`, `heatmap` and `states` (a row for each series, coloured by how bad it is) over time; `figures`, `bars` and `shares`
   * (by bin, beside a reference) now.
   */
  view: "lines" | "heatmap" | "states" | "figures" | "bars" | "shares";
  series: readonly Series[];
  /** What it means when there is nothing to draw. */
  empty: string;
  /** Of 24 columns. */
  width: number;
  /** What the axis of `lines` holds at least; from 0 on when left out, and null leaves it to the figures. */
  axis?: { from: number; to?: number } | null;
}

export interface Section {
  title: string;
  panels: readonly Panel[];
  collapsed?: true;
}

/** Series that ops/prometheus/rules.yml computes. */
export const recordedSeries = {
  featureBinRatio: "feature_bin:churn_feature_bin:ratio_rate10m",
} as const;

const serving = 'job=~"$job", instance=~"$instance"';

/** The selector of a metric of the service, by job and instance and by further matchers such as `class="1"`. */
export const select = ({ name }: { name: string }, ...matchers: string[]): string =>
  `${name}{${[serving, ...matchers].join(", ")}}`;

/** The per-second rate of a counter, or of a part of a histogram: `bucket`, `sum` or `count`. */
export function rate(
  { name }: { name: string },
  matchers: readonly string[] = [],
  part?: "bucket" | "sum" | "count",
): string {
  return `rate(${select({ name: part ? `${name}_${part}` : name }, ...matchers)}[$__rate_interval])`;
}

const pushed = ({ name }: { name: string }, ...matchers: string[]): string =>
  `${name}{${[`job="${trainingJob}"`, ...matchers].join(", ")}}`;
const metrics = serviceMetrics;
const young = "Fewer rows than can be judged: wait for the window to fill";

/** As in the sentences of the monitors, in the order in which they are shown. */
const metricTitles = Object.fromEntries(
  Object.entries(metricNames).map(([metric, name]) => [metric, name.charAt(0).toUpperCase() + name.slice(1)]),
) as Record<PerformanceMetric, string>;

/** Shares of customers are percentages; the others are the number that the literature gives. */
const unitOf = (metric: PerformanceMetric): Unit =>
  metric === "accuracy" || metric === "precision" || metric === "recall" ? "ratio" : "score";

export const shownMetrics = Object.keys(metricNames) as PerformanceMetric[];

const windowTotal = `sum without (actual, predicted) (${select(metrics.confusion)})`;
/** From as many labels on as performance is judged by; before, it would be 0 or 1 by the first label. */
const churnShare = `(sum without (actual, predicted) (${select(metrics.confusion, 'actual="1"')}) / ${windowTotal} and on (job, instance) ${select(metrics.realized, 'metric="brier"')} >= 0)`;

function performancePanel(metric: PerformanceMetric): Panel {
  const of = `metric="${metric}"`;
  const baseline = baselines[metric]?.promql(churnShare);
  return {
    title: metricTitles[metric],
    meaning:
      "Realized: from the labels that are known, with its 95 % interval. Estimated: from the calibrated probabilities alone (CBPE), which cannot see that what inputs mean has changed. Past the threshold the model is worse than at training by more than chance.",
    unit: unitOf(metric),
    view: "lines",
    width: 8,
    axis: null,
    empty: "Too few labels are known yet",
    series: [
      { expression: select(metrics.realized, of), legend: "realized" },
      { expression: select(metrics.realizedLower, of), legend: "realized, 95 % low", role: "lower" },
      { expression: select(metrics.realizedUpper, of), legend: "realized, 95 % high", role: "upper" },
      { expression: select(metrics.estimated, of), legend: "estimated" },
      { expression: select(metrics.estimatedLower, of), legend: "estimated, 95 % low", role: "lower" },
      { expression: select(metrics.estimatedUpper, of), legend: "estimated, 95 % high", role: "upper" },
      // A comparison leaves out the bound that the metric does not have (NaN).
      { expression: `${select(metrics.performanceThreshold, of)} >= 0`, legend: "threshold", role: "threshold" },
      ...(baseline ? [{ expression: baseline, legend: "without a model", role: "reference" } as const] : []),
    ],
  };
}

const glance: Panel[] = [
  {
    title: "Verdict",
    meaning:
      "What the worst of the monitors says of the model; the page of the service (port 8000) tells why, and what to do.",
    unit: "severity",
    view: "figures",
    width: 8,
    empty: "No monitor has run yet",
    series: [{ expression: `max by (job, instance) (${select(metrics.monitorSeverity)})`, legend: "{{instance}}" }],
  },
  {
    title: "Monitors",
    meaning:
      "How bad the worst figure of each monitor is that was outside its threshold in two passes in a row. Look below in the section of that name.",
    unit: "level",
    view: "figures",
    width: 16,
    empty: "No monitor has run yet",
    series: [{ expression: select(metrics.monitorSeverity), legend: "{{monitor}}" }],
  },
  {
    title: "Model",
    meaning: "The version that serves: the UTC time at which it was trained.",
    unit: "name",
    view: "figures",
    width: 6,
    empty: "No model serves",
    series: [{ expression: select(metrics.modelInfo), legend: "{{model_version}}" }],
  },
  {
    title: "Scenario",
    meaning: "The disturbance that the replay plays on purpose; none is undisturbed.",
    unit: "name",
    view: "figures",
    width: 6,
    empty: "No replay",
    series: [{ expression: select(metrics.scenario), legend: "{{scenario}}" }],
  },
  {
    title: "ROC AUC now",
    meaning: "How well churners are told from others: 0.5 is chance, 1 is perfect.",
    unit: unitOf("roc_auc"),
    view: "figures",
    width: 8,
    empty: young,
    series: [
      { expression: select(metrics.realized, 'metric="roc_auc"'), legend: "realized" },
      { expression: select(metrics.estimated, 'metric="roc_auc"'), legend: "estimated" },
    ],
  },
  {
    title: "Labels known",
    meaning:
      "Share of the window's predictions whose outcome is known. Below one half, realized performance is not judged.",
    unit: "ratio",
    view: "figures",
    width: 4,
    empty: young,
    series: [{ expression: select(metrics.labelCoverage), legend: "coverage" }],
  },
];

const performance: Panel[] = [
  ...shownMetrics.map(performancePanel),
  {
    title: "Label coverage",
    meaning: "Share of the window's predictions whose outcome is known. Realized figures need one half.",
    unit: "ratio",
    view: "lines",
    width: 6,
    axis: { from: 0, to: 1 },
    empty: young,
    series: [{ expression: select(metrics.labelCoverage), legend: "coverage" }],
  },
  {
    title: "Labels that are due",
    meaning:
      "Share of the predictions old enough for a label that have one. Below one half labels have stopped, and nobody knows whether the model is right.",
    unit: "ratio",
    view: "lines",
    width: 6,
    axis: { from: 0, to: 1 },
    empty: "No prediction is old enough yet",
    series: [{ expression: select(metrics.labelDueCoverage), legend: "labelled" }],
  },
  {
    title: "Error of the estimate",
    meaning:
      "Estimated minus realized, on the same labelled predictions. Far from 0 while inputs are calm: what inputs mean has changed (concept drift).",
    unit: "score",
    view: "lines",
    width: 12,
    empty: "Too few labels are known yet",
    series: [{ expression: select(metrics.estimateError), legend: "{{metric}}" }],
  },
  {
    title: "Worst segment along each field, as a share of its threshold",
    meaning:
      "Squared error of the predictions where the model does worst, over the error that chance alone does not exceed there. Red, from 1 on: it got worse for those customers.",
    unit: "of threshold",
    view: "states",
    width: 12,
    empty: "Too few labels are known yet",
    series: [
      {
        expression: `${select(metrics.segmentBrier)} / ${select(metrics.segmentBrierThreshold)}`,
        legend: "{{feature}}",
      },
    ],
  },
  {
    title: "Confusion",
    meaning: "Labelled predictions of the window by what happened and what was predicted; 1 is churn.",
    unit: "count",
    view: "bars",
    width: 6,
    empty: "No label is known yet",
    series: [{ expression: select(metrics.confusion), legend: "actual {{actual}}, predicted {{predicted}}" }],
  },
  {
    title: "Time to the label",
    meaning:
      "How long after a prediction its outcome became known: of the labels that came in this time, and of those of the window.",
    unit: "seconds",
    view: "lines",
    width: 6,
    empty: "No label came in this time",
    series: [
      ...([0.5, 0.95] as const).map((quantile) => ({
        expression: `histogram_quantile(${quantile}, sum by (le) (${rate(metrics.feedbackDelay, [], "bucket")}))`,
        legend: `${quantile * 100} % within`,
      })),
      { expression: select(metrics.labelDelay), legend: "median of the window" },
    ],
  },
];

const trainingShare = `sum(${pushed(trainingMetrics.samples, 'observed_class="1"')}) / sum(${pushed(trainingMetrics.samples)})`;

const predictions: Panel[] = [
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

const driftRatio = `${select(metrics.featureDrift)} / ${select(metrics.featureDriftThreshold)}`;

const attributionBound = (bound: string): string =>
  `sum without (bound) (${select(metrics.featureAttributionThreshold, `bound="${bound}"`)})`;
const upperBound = attributionBound("upper");
const lowerBound = attributionBound("lower");

const inputs: Panel[] = [
  {
    title: "Drift of every input, as a share of its threshold",
    meaning:
      "Distance from the reference over the distance that chance alone does not exceed. Red, from 1 on: the input drifted. Missing and zero count as values of their own.",
    unit: "of threshold",
    view: "states",
    width: 14,
    empty: young,
    series: [{ expression: driftRatio, legend: "{{feature}}" }],
  },
  {
    title: "Drift now, the strongest first",
    meaning: "The same at this moment: which input to look at. A full bar is at its threshold or past it.",
    unit: "of threshold",
    view: "bars",
    width: 10,
    empty: young,
    series: [{ expression: `sort_desc(${driftRatio})`, legend: "{{feature}}" }],
  },
  {
    title: "All inputs together",
    meaning:
      "How well trees tell the window from the reference (ROC AUC; 0.5 is not at all), with the value that chance alone does not exceed. It also sees fields that no longer go together.",
    unit: "score",
    view: "lines",
    width: 12,
    axis: null,
    empty: young,
    series: [
      { expression: select(metrics.multivariateDrift), legend: "{{method}}" },
      { expression: select(metrics.multivariateDriftThreshold), legend: "threshold", role: "threshold" },
    ],
  },
  {
    title: "What the predictions lean on",
    meaning:
      "Mean absolute contribution of each field to the newest predictions, in log-odds. A field that moves without being drifted itself says that fields go together otherwise.",
    unit: "score",
    view: "lines",
    width: 12,
    empty: young,
    series: [{ expression: select(metrics.featureAttribution), legend: "{{feature}}" }],
  },
  {
    title: "Share of the way to an alarm: what the predictions lean on",
    meaning:
      "How far the contribution of each field is from the middle of its bounds. Red, from 1 on: it is past one of them.",
    unit: "of threshold",
    view: "states",
    width: 12,
    empty: young,
    series: [
      {
        expression: `abs(${select(metrics.featureAttribution)} - (${upperBound} + ${lowerBound}) / 2) / ((${upperBound} - ${lowerBound}) / 2)`,
        legend: "{{feature}}",
      },
    ],
  },
  {
    title: "Severity of each monitor",
    meaning: "Green: nothing. Blue: inputs moved. Orange: be careful. Red: do not believe the model.",
    unit: "severity",
    view: "states",
    width: 12,
    empty: young,
    series: [{ expression: select(metrics.monitorSeverity), legend: "{{monitor}}" }],
  },
];

/** A bin by the label `order`: missing, zero, then intervals by where they begin; categories have none. */
const orderOfBins: readonly (readonly [bins: string, order: string])[] = [
  [">?([0-9.]+)(-.*)?", "$1"],
  ["<=.*", "0"],
  [zeroBin, "-1"],
  [missingBin, "-2"],
];

const inBinOrder = (expression: string): string =>
  orderOfBins.reduce(
    (inner, [bins, order]) => `label_replace(${inner}, "order", "${order}", "bin", "${bins}")`,
    expression,
  );

function featurePanels(feature: FieldName): Panel[] {
  const of = `feature="${feature}"`;
  return [
    {
      title: `${feature}: drift`,
      meaning: "Distance between the window and the reference, with the distance that chance alone does not exceed.",
      unit: "score",
      view: "lines",
      width: 8,
      empty: young,
      series: [
        { expression: select(metrics.featureDrift, of), legend: "{{method}}" },
        { expression: select(metrics.featureDriftThreshold, of), legend: "threshold", role: "threshold" },
      ],
    },
    {
      title: `${feature}: distribution`,
      meaning:
        "Share of each bin in the last ten minutes beside its share in the reference. Bins are fixed at training.",
      unit: "ratio",
      view: "shares",
      width: 16,
      empty: "No predictions in the last ten minutes",
      series: [
        { expression: `sum by (bin) (${select({ name: recordedSeries.featureBinRatio }, of)})`, legend: "now" },
        {
          expression: inBinOrder(`sum by (bin) (${select(metrics.featureReference, of)})`),
          legend: "reference",
          role: "reference",
        },
      ],
    },
  ];
}

const source: Panel[] = [
  {
    title: "Missing values, against the reference",
    meaning:
      "Share of missing values in the window minus that of the reference. Missing is information here, so a change of it is drift.",
    unit: "ratio",
    view: "lines",
    width: 12,
    empty: young,
    series: [
      {
        expression: `${select(metrics.featureMissing)} - ignoring (bin) ${select(metrics.featureReference, `bin="${missingBin}"`)}`,
        legend: "{{feature}}",
      },
    ],
  },
  {
    title: "Rejected requests",
    meaning: "Prediction requests that were refused, by what was wrong with them.",
    unit: "per second",
    view: "lines",
    width: 12,
    empty: "Nothing was rejected",
    series: [{ expression: `sum by (reason) (${rate(metrics.rejections)}) > 0`, legend: "{{reason}}" }],
  },
  {
    title: "Categories never seen",
    meaning: "Share of categories in the window that training never saw.",
    unit: "ratio",
    view: "lines",
    width: 12,
    empty: young,
    series: [{ expression: select(metrics.featureUnseen), legend: "{{feature}}" }],
  },
  {
    title: "Values out of range",
    meaning: "Share of values in the window outside the range of training. Often a change of unit.",
    unit: "ratio",
    view: "lines",
    width: 12,
    empty: young,
    series: [{ expression: select(metrics.featureOutOfRange), legend: "{{feature}}" }],
  },
  {
    title: "Repeated and refused requests",
    meaning: "Share of the window's requests that repeat an earlier one, and of requests that were refused meanwhile.",
    unit: "ratio",
    view: "lines",
    width: 12,
    empty: young,
    series: [
      { expression: select(metrics.streamDuplicates), legend: "repeated" },
      { expression: select(metrics.streamRefused), legend: "refused" },
    ],
  },
  {
    title: "Age of the newest prediction",
    meaning: "How long ago the last prediction was made, when the monitors looked.",
    unit: "seconds",
    view: "lines",
    width: 12,
    empty: young,
    series: [{ expression: select(metrics.streamAge), legend: "age" }],
  },
];

/** The model as it is watched, in the order in which trouble matters: performance, predictions, inputs, source data. */
export const modelSections: readonly Section[] = [
  { title: "At a glance", panels: glance },
  { title: "Performance", panels: performance },
  { title: "Predictions", panels: predictions },
  { title: "Model inputs", panels: inputs },
  {
    title: "Each input: drift, and its distribution beside the reference",
    panels: fieldNames.flatMap(featurePanels),
    collapsed: true,
  },
  { title: "Source data", panels: source },
];

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
  pagePanel(source, title),
);

/** What the operator's page draws: panels of the dashboards, and what Prometheus cannot hold. */
export const pagePanels = {
  ...(Object.fromEntries(
    shownMetrics.map((metric) => [metric, pagePanel(performance, metricTitles[metric])]),
  ) as Record<PerformanceMetric, PagePanel>),
  confusion: pagePanel(performance, "Confusion"),
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
  balance: pagePanel(predictions, "Predicted churners"),
  scoreDrift: pagePanel(predictions, "Drift of the score"),
  scoreOverTime: pagePanel(predictions, "Score over time"),
  scoreDistribution: {
    title: "Score now",
    meaning: "Share of the window's customers in each tenth of the reference's probabilities, beside the reference.",
    empty: young,
    metrics: [metrics.probability.name],
  },
  driftNow: pagePanel(inputs, "Drift now, the strongest first"),
  feature: {
    title: "One input",
    meaning:
      "Share of each bin in the window beside its share in the reference, and the distance between the two over time. Choose the input in the list of drifts.",
    empty: young,
    metrics: [metrics.featureBins.name, metrics.featureReference.name, metrics.featureDrift.name],
  },
  together: pagePanel(inputs, "All inputs together"),
  quality: {
    title: "Missing, never seen, out of range",
    meaning: quality.map(({ meaning }) => meaning).join(" "),
    empty: young,
    metrics: quality.flatMap((panel) => panel.metrics),
  },
  rejections: pagePanel(source, "Rejected requests"),
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
