import type { Dataset } from "../data/ingest.ts";
import { encodeTable } from "../models/encoding.ts";
import type { Registry } from "../models/registry.ts";
import { scoreColumns } from "../models/session.ts";
import { compareAuc } from "../statistics/delong.ts";
import { confidenceLevel } from "../statistics/intervals.ts";
import { surprise } from "../statistics/probability-scores.ts";
import type { Random } from "../statistics/random.ts";

/** A metric of the new model less that of the other on the same rows, with its 95 % interval and two-sided p-value. */
export interface Difference {
  value: number;
  lower: number;
  upper: number;
  pValue: number;
}

export interface Comparison {
  rows: number;
  /** More is better. */
  rocAuc: Difference;
  /** In nats; less is better. */
  logLoss: Difference;
  /** Whether the new model is significantly worse in one of them; of an equal model that is said with a chance of 5 % at most. */
  isWorse: boolean;
}

const resamples = 1000;

/**
 * Compares two models by their probabilities for the same rows: ROC AUC by DeLong's test, log loss by the paired bootstrap.
 *
 * Range: p-values 0 … 1, that of the log loss from 2 / 1001; both 1 for equal probabilities.
 * Source: DeLong, DeLong & Clarke-Pearson (1988); Efron & Tibshirani, "An Introduction to the Bootstrap" (1993), ch. 13.
 * @throws RangeError when the vectors differ in length: a defect of the caller.
 */
export function compareProbabilities(
  fresh: Float64Array,
  other: Float64Array,
  labels: Uint8Array,
  random: Random,
): Comparison {
  const { difference, pValue } = compareAuc(fresh, other, labels);
  const { value, lower, upper } = difference;
  const rocAuc = { value, lower, upper, pValue };
  const excess = Float64Array.from(
    labels,
    (label, row) => surprise(fresh[row] as number, label) - surprise(other[row] as number, label),
  );
  const logLoss = bootstrapMean(excess, random);
  const alpha = 1 - confidenceLevel;
  const isWorse = (rocAuc.value < 0 && rocAuc.pValue < alpha) || (logLoss.value > 0 && logLoss.pValue < alpha);
  return { rows: labels.length, rocAuc, logLoss, isWorse };
}

function bootstrapMean(values: Float64Array, random: Random): Difference {
  const rows = values.length;
  const means = Float64Array.from({ length: resamples }, () => {
    let sum = 0;
    for (let i = 0; i < rows; i++) sum += values[random.integer(rows)] as number;
    return sum / rows;
  }).sort();
  const tail = (1 - confidenceLevel) / 2;
  const below = means.filter((mean) => mean <= 0).length;
  const above = means.filter((mean) => mean >= 0).length;
  return {
    value: values.reduce((sum, value) => sum + value, 0) / rows,
    lower: means[Math.floor(tail * resamples)] as number,
    upper: means[Math.ceil((1 - tail) * resamples) - 1] as number,
    // One is added to each count: a resampling p-value is never 0.
    pValue: Math.min(1, (2 * (Math.min(below, above) + 1)) / (resamples + 1)),
  };
}

/**
 * Compares two registered versions on the holdout of a data set, scored by the runtime that serves. The split is by a hash of
 * the user id: neither learned from these rows when both learned from files of the same customers.
 * @throws AppError when a version is not registered or does not load.
 */
export async function compareVersions(
  registry: Registry,
  [fresh, other]: readonly [string, string],
  dataset: Dataset,
  random: Random,
): Promise<Comparison> {
  const holdout = await dataset.read("holdout");
  const probabilities = async (version: string): Promise<Float64Array> => {
    const { manifest, session } = await registry.load(version);
    try {
      return Float64Array.from(await scoreColumns(session, encodeTable(manifest.features, holdout)));
    } finally {
      await session.release();
    }
  };
  return compareProbabilities(await probabilities(fresh), await probabilities(other), holdout.churned, random);
}

/** The comparison as lines of text. */
export function comparisonTable({ rows, rocAuc, logLoss }: Comparison, other: string): string {
  const line = (name: string, { value, lower, upper, pValue }: Difference): string => {
    const signed = (x: number) => `${x < 0 ? "−" : "+"}${Math.abs(x).toFixed(5)}`;
    return `  ${name.padEnd(18)} ${signed(value)}   (${signed(lower)} – ${signed(upper)})   p ${pValue.toFixed(4)}`;
  };
  return [
    `less ${other} on the same ${rows.toLocaleString("en")} held-out customers (95 % interval; DeLong, paired bootstrap):`,
    line("roc_auc", rocAuc),
    line("log_loss", logLoss),
    "",
  ].join("\n");
}
