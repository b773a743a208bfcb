import type { PerformanceMetric } from "../models/manifest.ts";
import type { MonitorResult } from "../storage/monitor-results.ts";
import { binName } from "./bin-name.ts";
import type { BinShare } from "./distributions.ts";

/** In a sentence; what tells most about a model comes first. */
export const metricNames: Record<PerformanceMetric, string> = {
  roc_auc: "ROC AUC",
  average_precision: "average precision",
  f1: "F1",
  precision: "precision",
  recall: "recall",
  accuracy: "accuracy",
  brier: "Brier score",
  log_loss: "log loss",
  calibration_error: "calibration error",
};

const faults: Record<string, string> = {
  missing_ratio: "is missing",
  unseen_ratio: "has a category that training never saw",
  out_of_range_ratio: "is outside the range of training",
};

const figure = (value: number): string => (Number.isFinite(value) ? String(Number(value.toPrecision(3))) : "unknown");
const percent = (share: number): string => `${figure(100 * share)} %`;
const times = (chance: number): string =>
  Number.isFinite(chance) && chance > 0
    ? `; chance alone does that in 1 of ${Math.round(1 / chance).toLocaleString("en")} windows`
    : "";

/** What a sentence says of the chance, for those who say it in their own place. */
export const chanceClause = /; chance alone does that in 1 of [\d,]+ windows/;

const isAbove = ({ value, thresholdUpper }: MonitorResult): boolean => value > thresholdUpper;
const isOutside = (result: MonitorResult): boolean => isAbove(result) || result.value < result.thresholdLower;
const bound = (result: MonitorResult): number => (isAbove(result) ? result.thresholdUpper : result.thresholdLower);

/** The part of the customers that a finding about a segment means: "region is missing", "tenure is K > 24 month". */
export const placeOf = ({ feature, bin }: Pick<MonitorResult, "feature" | "bin">): string =>
  `${feature} is ${bin === null ? "unknown" : binName(bin)}`;

const refusedFor = ({ bin }: MonitorResult): string =>
  bin === null ? "were refused" : `were refused (most often: ${bin.replaceAll("_", " ")})`;

/** Why a figure is not judged, in words. */
function unjudged({ verdict, rows }: MonitorResult): string {
  return verdict === "immature"
    ? `labels are known for too few of the window's predictions (${rows})`
    : `there are too few rows (${rows}) to judge by`;
}

/** The bin whose share changed most. */
function moved(bins: readonly BinShare[]): string {
  const most = bins.reduce<BinShare | null>(
    (found, bin) =>
      !found || Math.abs(bin.current - bin.reference) > Math.abs(found.current - found.reference) ? bin : found,
    null,
  );
  return most
    ? `: ${binName(most.bin)} in ${percent(most.current)} of the predictions instead of ${percent(most.reference)}`
    : "";
}

/**
 * One figure in one sentence for whoever is responsible for the model.
 * @param bins the distribution that a drift figure is about, when it is known
 */
export function sentenceOf(result: MonitorResult, bins: readonly BinShare[] = []): string {
  const { monitor, metric, feature, value, verdict, chance, rows } = result;
  if (verdict === "insufficient" || verdict === "immature") return `Not judged: ${unjudged(result)}.`;
  if (verdict === "ok" && isOutside(result))
    return `${sentenceOf({ ...result, verdict: "alarm" }, bins)} That was seen in one look; an alarm takes two in a row.`;
  const isAlarm = verdict === "alarm";
  const name = metricNames[metric as PerformanceMetric] ?? metric;
  const outside = `${isAbove(result) ? "above" : "below"} ${figure(bound(result))}${times(chance)}`;
  switch (monitor) {
    case "drift":
    case "prediction": {
      const what = feature ?? "The predicted probability";
      return isAlarm
        ? `${what} is not distributed as it was${moved(bins)}. PSI ${figure(value)}, ${outside}.`
        : `${what} is distributed as it was: PSI ${figure(value)}, which chance alone lets reach ${figure(result.thresholdUpper)}.`;
    }
    case "quality": {
      const what = `${feature} ${faults[metric] ?? metric} in ${percent(value)} of the predictions`;
      return isAlarm
        ? `${what}, ${isAbove(result) ? "more" : "less"} than ${percent(bound(result))}${times(chance)}.`
        : `${what}, as it may be.`;
    }
    case "multivariate":
      return isAlarm
        ? `The fields together can be told from those of training: trees do it with ROC AUC ${figure(value)}, ${outside}.`
        : `The fields together look as at training: trees tell them apart with ROC AUC ${figure(value)}, no better than chance.`;
    case "attribution":
      return isAlarm
        ? `The predictions lean on ${feature} otherwise than at training: ${figure(value)} of log-odds on average, ${outside}.`
        : `The predictions lean on ${feature} as at training.`;
    case "realized":
    case "estimated": {
      const source = monitor === "realized" ? "Labels show" : "The estimate, without labels, is";
      const isBounded = !Number.isNaN(result.thresholdLower) || !Number.isNaN(result.thresholdUpper);
      return `${source} ${name} ${figure(value)}${isAlarm ? `, ${outside}` : isBounded ? ", within its bounds" : ""}.`;
    }
    case "estimate_error":
      return isAlarm
        ? `The estimate of ${name} was wrong by ${figure(value)}, ${outside}: the probabilities no longer mean what they did.`
        : `The estimate of ${name} was right but for ${figure(value)}.`;
    case "segment":
      return isAlarm
        ? `The model got worse where ${placeOf(result)}: squared error ${figure(value)} over ${rows} labels, ${outside}.`
        : `Nowhere along ${feature} did the model get worse; nearest to it where ${placeOf(result)}.`;
    case "labels":
      if (metric === "delay_seconds") return `Half of the labels come within ${figure(value)} s.`;
      return isAlarm
        ? `Labels have stopped: of ${rows} predictions that should have one, ${percent(value)} do.`
        : `${percent(value)} of ${rows} predictions${metric === "due_coverage" ? " that should have a label do" : " have a label"}.`;
    default:
      if (metric === "age_seconds") {
        return isAlarm
          ? `No prediction for ${figure(value)} s, longer than the ${figure(result.thresholdUpper)} s that are usual.`
          : `The last prediction was ${figure(value)} s ago.`;
      }
      return `${percent(value)} of the requests ${metric === "duplicate_ratio" ? "repeat an earlier one" : refusedFor(result)}${isAlarm ? `, more than ${percent(result.thresholdUpper)}${times(chance)}` : ""}.`;
  }
}

/** What to do about an alarm. */
export function adviceOf({ monitor, metric, feature }: MonitorResult): string {
  switch (monitor) {
    case "realized":
    case "estimate_error":
      return "Do not act on the predictions until the cause is known; train again on data with recent labels, or go back to an earlier version.";
    case "segment":
      return `Do not act on the predictions for that part of the customers; look at what changed for it.`;
    case "labels":
      return "Find out why labels no longer arrive: without them nobody knows whether the model is right.";
    case "estimated":
      return "Look at the inputs that moved, and wait for labels before acting on single predictions.";
    case "drift":
    case "quality":
      return `Ask whoever delivers ${feature} what changed; if the change is real and stays, train again.`;
    case "stream":
      return metric === "age_seconds"
        ? "Find out why no requests arrive."
        : "Look at what the callers send: GET /metrics counts refusals by reason.";
    default:
      return "Look at the inputs that moved; if there are none, at how they go together.";
  }
}
