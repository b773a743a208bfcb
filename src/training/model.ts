import type { Dataset } from "../data/ingest.ts";
import { AppError } from "../errors.ts";
import { fit, type Round } from "../learner/boosting.ts";
import { gainImportance } from "../learner/importance.ts";
import type { BoostedTrees } from "../learner/model.ts";
import type { LearnerParameters } from "../learner/parameters.ts";
import { rawScores } from "../learner/predict.ts";
import { createExplainer } from "../learner/shap.ts";
import { encodeTable } from "../models/encoding.ts";
import { fileOf, type Manifest, manifestFormat } from "../models/manifest.ts";
import { openSession, scoreColumns } from "../models/session.ts";
import { encodeTrees, treesFile } from "../models/trees-file.ts";
import { encodeModel } from "../onnx/writer.ts";
import { fitPlatt, logistic } from "../statistics/calibration.ts";
import { nullFromDraws } from "../statistics/null-distribution.ts";
import { createRandom } from "../statistics/random.ts";
import { thresholdMaximisingF1 } from "../statistics/threshold.ts";
import { fitEncoding } from "./encoding.ts";
import { inThread } from "./in-thread.ts";
import { estimateMetrics, measure } from "./performance.ts";
import { countQuantiles, profileReference } from "./reference.ts";
import type { ScoresQuestion } from "./scores-worker.ts";

export interface TrainOptions {
  dataset: Dataset;
  parameters: LearnerParameters;
  /** Probability from which a customer is called a churner; the one with the best F1 on validation when it is not told. */
  threshold?: number | undefined;
  version: string;
  now: () => number;
  /** Called once, when the rows of all three splits have been read. */
  onRead?(): Promise<void>;
  /** Called once, when the written model has been verified; goes on beside what is left to learn. */
  onVerified?(): Promise<void>;
  onStage(stage: string): void;
  onRound(round: Round): void;
  onWarning(warning: string): void;
  /** Bytes that learning may take beside the data, asked for when it begins; any number when absent. */
  memoryLimit?: () => number;
  signal: AbortSignal;
}

export interface TrainedModel {
  manifest: Manifest;
  onnx: Uint8Array;
  /** The content of the trees' file. */
  trees: Uint8Array;
}

const parityLimit = 1e-6;
const parityRows = 50_000;
export const onnxFile = "model.onnx";

/**
 * Learns from a data set: trees with early stopping on validation, calibrated there, evaluated on the holdout, written as
 * ONNX, and accepted only when ONNX Runtime gives the same probabilities.
 * @throws AppError when nothing can be learned, it was cancelled, or the written model differs from the learned one.
 */
export async function trainModel(options: TrainOptions): Promise<TrainedModel> {
  const { dataset, parameters, version, now, onStage, onRound, onWarning, signal } = options;
  const start = now();
  onStage(`reading ${dataset.rows.toLocaleString("en")} customers of ${dataset.name}`);
  const [train, validation, holdout] = [
    await dataset.read("train"),
    await dataset.read("validation"),
    await dataset.read("holdout"),
  ];
  await options.onRead?.();
  const features = fitEncoding(train);
  // One by one, so that each can go when nobody needs it any more.
  const trainColumns = encodeTable(features, train);
  const validationColumns = encodeTable(features, validation);
  const holdoutColumns = encodeTable(features, holdout);

  // The runtime does not see how much of the machine's memory columns take: it would wait for long before it collects them.
  Bun.gc(true);
  onStage(`learning from ${train.rows.toLocaleString("en")}`);
  const { model, scores } = await fit({
    featureNames: features.map(({ name }) => name),
    train: { features: trainColumns, labels: train.churned },
    validation: { features: validationColumns, labels: validation.churned },
    parameters,
    onRound,
    onWarning,
    ...(options.memoryLimit && { memoryLimit: options.memoryLimit() }),
    signal,
  });

  onStage("calibrating and evaluating");
  const scoreHoldout = scoreBesideOthers(model, holdoutColumns, onWarning);
  const calibration = fitPlatt(scores.validation, validation.churned);
  const calibrated = (scores: Float64Array) =>
    scores.map((score) => logistic(calibration.slope * score + calibration.intercept));
  const validationProbabilities = calibrated(scores.validation);
  const threshold = Math.fround(
    options.threshold ?? thresholdMaximisingF1(validationProbabilities, validation.churned),
  );
  const fitted = {
    train: measure(calibrated(scores.train), train, threshold),
    validation: measure(validationProbabilities, validation, threshold),
  };
  const holdoutProbabilities = calibrated(await scoreHoldout());
  const performance = { ...fitted, holdout: measure(holdoutProbabilities, holdout, threshold) };

  onStage("writing and verifying the ONNX model");
  const onnx = encodeModel({
    trees: model,
    calibration,
    metadata: {
      "churnwatch.version": version,
      "churnwatch.features": JSON.stringify(features),
      "churnwatch.threshold": String(threshold),
      "churnwatch.calibration": JSON.stringify(calibration),
      "churnwatch.training": JSON.stringify({ data: dataset.name, rows: dataset.rows, parameters }),
    },
  });
  const session = await openSession(onnx, features.length, parameters.threads);
  const checked = holdoutColumns.map((column) => column.subarray(0, parityRows));
  const served = await scoreColumns(session, checked);
  await session.release();
  const maximumDifference = served.reduce(
    (most, probability, i) => Math.max(most, Math.abs(probability - (holdoutProbabilities[i] as number))),
    0,
  );
  if (!(maximumDifference <= parityLimit)) {
    throw new AppError(
      "unavailable",
      `the ONNX model differs from the learned one by ${maximumDifference}, more than ${parityLimit}: it was not kept`,
    );
  }
  Bun.gc(true);
  onStage("learning what is usual, storing the customers of the replay");
  const profiling = profileReference({
    train,
    reference: { table: validation, probabilities: validationProbabilities },
    holdout: { table: holdout, probabilities: holdoutProbabilities },
    threshold,
    random: createRandom(parameters.seed),
    onWarning,
  });
  const [reference] = await Promise.all([profiling, options.onVerified?.()]);

  const trees = encodeTrees(model);
  const trainedAt = now();
  const manifest: Manifest = {
    format: manifestFormat,
    version,
    trainedAt,
    durationSeconds: (trainedAt - start) / 1000,
    learner: { name: "churnwatch-trees", parameters: { ...parameters }, trees: model.trees.length },
    data: {
      file: dataset.name,
      rows: dataset.rows,
      splits: { train: train.rows, validation: validation.rows, holdout: holdout.rows },
      warnings: [...dataset.warnings],
    },
    features,
    calibration,
    threshold,
    importance: gainImportance(model),
    performance,
    estimated: estimateMetrics(holdoutProbabilities, threshold),
    parity: { rows: served.length, maximumDifference },
    reference,
    attribution: measureAttribution(model, holdoutColumns, calibration.slope),
    trees: fileOf(treesFile, trees),
    onnx: fileOf(onnxFile, onnx),
  };
  return { manifest, onnx, trees };
}

// The other thread does nothing else meanwhile.
const shareOfOtherThread = 0.65;

/** Begins to score rows in another thread. @returns what scores the rest here, once there is time, and gives the raw scores of all */
function scoreBesideOthers(
  model: BoostedTrees,
  columns: readonly Float32Array[],
  onWarning: (warning: string) => void,
): () => Promise<Float64Array> {
  const rows = columns[0]?.length ?? 0;
  const cut = Math.floor(shareOfOtherThread * rows);
  const first = inThread(
    new URL("./scores-worker.ts", import.meta.url),
    { model, columns: columns.map((column) => column.slice(0, cut)) } satisfies ScoresQuestion,
    { otherwise: (question) => rawScores(model, question.columns), onWarning },
  );
  return async () => {
    const scores = new Float64Array(rows);
    rawScores(
      model,
      columns.map((column) => column.subarray(cut)),
      scores.subarray(cut),
    );
    scores.set(await first);
    return scores;
  };
}

const attributionRows = 2000;
const attributionIntervals = 6;

/** How much each feature usually moves a prediction: |SHAP value| over rows of the holdout, evenly spaced. */
function measureAttribution(model: BoostedTrees, columns: readonly Float32Array[], slope: number) {
  const explainer = createExplainer(model);
  const width = columns.length;
  const all = columns[0]?.length ?? 0;
  const rows = Math.min(attributionRows, all);
  const row = new Float32Array(width);
  const out = new Float64Array(width);
  const sizes = columns.map(() => new Float64Array(rows));
  for (let i = 0; i < rows; i++) {
    columns.forEach((column, f) => {
      row[f] = column[Math.floor((i * all) / rows)] as number;
    });
    explainer.contributions(row, out).forEach((value, f) => {
      (sizes[f] as Float64Array)[i] = Math.abs(slope * value);
    });
  }
  const features = Object.fromEntries(
    model.featureNames.map((name, f) => {
      const { draws, mean, standardDeviation, skewness } = nullFromDraws(sizes[f] as Float64Array);
      const bins = countQuantiles(draws, attributionIntervals);
      return [name, { mean, standardDeviation, skewness: standardDeviation > 0 ? skewness : 0, bins }];
    }),
  );
  return { rows, features };
}
