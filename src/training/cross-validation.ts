import type { DatasetRows } from "../data/ingest.ts";
import { positionSteps } from "../data/split.ts";
import type { LabelledTable } from "../data/table.ts";
import { AppError } from "../errors.ts";
import { fit } from "../learner/boosting.ts";
import type { LearnerParameters } from "../learner/parameters.ts";
import { rawScores } from "../learner/predict.ts";
import { encodeTable } from "../models/encoding.ts";
import { fitPlatt, logistic } from "../statistics/calibration.ts";
import { brier, logLoss } from "../statistics/probability-scores.ts";
import { averagePrecision, rankScores, rocAuc } from "../statistics/ranking.ts";
import { fitEncoding } from "./encoding.ts";

/** Figures of a fold, or of all of them. Scores are of rows that neither learning nor stopping nor calibration saw. */
export interface FoldFigures {
  rocAuc: number;
  averagePrecision: number;
  /** Mean, in nats. */
  logLoss: number;
  brier: number;
  /** Trees kept by early stopping. */
  rounds: number;
  /** Wall time of encoding and fitting. */
  seconds: number;
}

const figureNames = ["rocAuc", "averagePrecision", "logLoss", "brier", "rounds", "seconds"] as const;

export interface CrossValidation {
  folds: FoldFigures[];
  mean: FoldFigures;
  /** Standard deviation between folds (divisor K − 1). */
  standardDeviation: FoldFigures;
}

export interface CrossValidationOptions {
  rows: DatasetRows;
  /** K, 2 or more. */
  folds: number;
  parameters: LearnerParameters;
  now: () => number;
  onFold?: (fold: number, figures: FoldFigures) => void;
  onWarning?: (warning: string) => void;
  signal?: AbortSignal;
}

/** Of the rows that a fold may learn from, the share that decides when to stop and calibrates. */
const validationSteps = 0.2 * positionSteps;

type Part = "train" | "validation" | "test";

/**
 * K-fold cross-validation as `train` would learn: a fold is a K-th of the range of the customers' hash. Of each other K-th the
 * first fifth stops and calibrates, and the rest is learned from, categories' ranks included; so no figure saw its own rows. The
 * same rows and seed give the same figures, seconds apart.
 * Source: Hastie, Tibshirani & Friedman, "The Elements of Statistical Learning" (2009), 7.10.
 * @throws AppError `invalid_input` for parameters out of range, `invalid_data` when a part of a fold lacks a class, `cancelled`.
 */
export async function crossValidate(options: CrossValidationOptions): Promise<CrossValidation> {
  const { rows, folds, onFold, signal } = options;
  checkParts(rows, folds);
  const figures: FoldFigures[] = [];
  for (let fold = 0; fold < folds; fold++) {
    if (signal?.aborted) throw new AppError("cancelled", `stopped after ${fold} of ${folds} folds`);
    const found = await measureFold(options, fold);
    figures.push(found);
    onFold?.(fold, found);
  }
  const summary = (of: (values: number[]) => number) =>
    Object.fromEntries(figureNames.map((name) => [name, of(figures.map((fold) => fold[name]))])) as Record<
      (typeof figureNames)[number],
      number
    >;
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const deviation = (values: number[]) => {
    const centre = mean(values);
    return Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1));
  };
  return { folds: figures, mean: summary(mean), standardDeviation: summary(deviation) };
}

async function measureFold(
  { rows: { table, positions }, folds, parameters, now, onWarning, signal }: CrossValidationOptions,
  fold: number,
): Promise<FoldFigures> {
  const take = (part: Part) => takeRows(table, (row) => partOf(positions[row] as number, folds, fold) === part);
  const train = take("train");
  const validation = take("validation");
  const test = take("test");
  const started = now();
  const features = fitEncoding(train);
  const held = encodeTable(features, validation);
  const { model } = await fit({
    featureNames: features.map(({ name }) => name),
    train: { features: encodeTable(features, train), labels: train.churned },
    validation: { features: held, labels: validation.churned },
    parameters,
    ...(onWarning && { onWarning }),
    ...(signal && { signal }),
  });
  const seconds = (now() - started) / 1000;
  const { slope, intercept } = fitPlatt(rawScores(model, held), validation.churned);
  const probabilities = rawScores(model, encodeTable(features, test)).map((raw) => logistic(slope * raw + intercept));
  const ranked = rankScores(probabilities, test.churned);
  return {
    rocAuc: rocAuc(ranked),
    averagePrecision: averagePrecision(ranked),
    logLoss: logLoss(probabilities, test.churned),
    brier: brier(probabilities, test.churned),
    rounds: model.trees.length,
    seconds,
  };
}

/** What a customer is to a fold, by the position of the hash. */
export function partOf(position: number, folds: number, fold: number): Part {
  const scaled = position * folds;
  if (Math.floor(scaled / positionSteps) === fold) return "test";
  return scaled % positionSteps < validationSteps ? "validation" : "train";
}

function checkParts({ table, positions }: DatasetRows, folds: number): void {
  for (let fold = 0; fold < folds; fold++) {
    const counts: Record<Part, [number, number]> = { train: [0, 0], validation: [0, 0], test: [0, 0] };
    positions.forEach((position, row) => {
      counts[partOf(position, folds, fold)][table.churned[row] as 0 | 1]++;
    });
    for (const [part, [stayed, churned]] of Object.entries(counts)) {
      if (stayed > 0 && churned > 0) continue;
      throw new AppError(
        "invalid_data",
        `too few customers for ${folds} folds: the ${part} part of fold ${fold + 1} has ${stayed} who stayed and ${churned} who churned; take fewer folds or more rows`,
      );
    }
  }
}

function takeRows(table: LabelledTable, isTaken: (row: number) => boolean): LabelledTable {
  const chosen = Uint32Array.from({ length: table.rows }, (_, row) => row).filter(isTaken);
  const pick = <T extends Float32Array | Int32Array | Uint8Array>(values: T): T => {
    const picked = new (values.constructor as new (length: number) => T)(chosen.length);
    for (let i = 0; i < chosen.length; i++) picked[i] = values[chosen[i] as number] as number;
    return picked;
  };
  const each = <T, U>(columns: Record<string, T>, change: (column: T) => U) =>
    Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, change(column)]));
  return {
    rows: chosen.length,
    numeric: each(table.numeric, pick) as LabelledTable["numeric"],
    categorical: each(table.categorical, ({ levels, codes }) => ({
      levels,
      codes: pick(codes),
    })) as LabelledTable["categorical"],
    churned: pick(table.churned),
  };
}

/** The folds, their mean and standard deviation, as lines of text. */
export function crossValidationTable({ folds, mean, standardDeviation }: CrossValidation): string {
  const cells = (name: string, f: FoldFigures, roundDecimals: number) => [
    name,
    f.rocAuc.toFixed(5),
    f.averagePrecision.toFixed(5),
    f.logLoss.toFixed(5),
    f.brier.toFixed(5),
    f.rounds.toFixed(roundDecimals),
    f.seconds.toFixed(1),
  ];
  const lines = [
    ["fold", "roc_auc", "average_precision", "log_loss", "brier", "rounds", "seconds"],
    ...folds.map((figures, fold) => cells(String(fold + 1), figures, 0)),
    cells("mean", mean, 1),
    cells("± sd", standardDeviation, 1),
  ];
  const widths = lines[0]?.map((_, column) => Math.max(...lines.map((line) => (line[column] as string).length))) ?? [];
  const text = lines.map((line) => line.map((cell, column) => cell.padStart(widths[column] as number)).join("  "));
  return `${text.join("\n")}\n`;
}
