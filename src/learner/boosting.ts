import { AppError } from "../errors.ts";
import { createRandom, type Random } from "../statistics/random.ts";
import { binFeature } from "./binning.ts";
import { binOffsets, gradientScale } from "./histogram.ts";
import type { BoostedTrees, Tree } from "./model.ts";
import { checkParameters, type LearnerParameters } from "./parameters.ts";
import { addTree } from "./predict.ts";
import { type GrownTree, growTree, type Workspace } from "./tree.ts";

/** Rows to learn from: features by column (float32, NaN for missing) and labels 0 or 1. */
export interface LabelledRows {
  features: readonly Float32Array[];
  labels: Uint8Array;
}

export interface Round {
  /** From 1. */
  round: number;
  /** Mean log loss in nats; NaN for validation without validation rows. */
  trainLoss: number;
  validationLoss: number;
  bestRound: number;
}

export interface FitOptions {
  featureNames: readonly string[];
  train: LabelledRows;
  /** Rows that decide when to stop; without them every round is kept. */
  validation: LabelledRows | null;
  parameters: LearnerParameters;
  onRound?: (round: Round) => void;
  signal?: AbortSignal;
}

export interface Fit {
  model: BoostedTrees;
  history: Round[];
}

/**
 * Fits gradient-boosted trees to a binary target by Newton steps on the log loss, trees grown leaf-wise on histograms.
 * Missing values are a value of their own: every split learns on which side they belong. The same input gives the same
 * model on every machine.
 *
 * With early stopping the model keeps the rounds up to the one with the least validation loss, else all.
 * Source: Chen & Guestrin, "XGBoost" (2016); Ke et al., "LightGBM" (2017).
 * @throws AppError `invalid_input` for parameters out of range, `invalid_data` for rows that nothing can be learned from,
 *   `cancelled` when `signal` is aborted.
 */
export async function fit({ featureNames, train, validation, parameters, onRound, signal }: FitOptions): Promise<Fit> {
  checkParameters(parameters);
  checkRows(featureNames, train);
  if (validation) checkColumns(featureNames, validation, "validation");
  const random = createRandom(parameters.seed);
  const workspace = createWorkspace(train, parameters.maxBins);
  const usable = workspace.features.flatMap(({ cuts, codes }, f) =>
    cuts.length > 0 || hasBothMissingAndNot(codes) ? [f] : [],
  );
  if (usable.length === 0)
    throw new AppError("invalid_data", "no feature has two different values: there is nothing to learn from");

  const baseScore = Math.fround(logOddsOf(train.labels));
  const trainScores = new Float64Array(train.labels.length).fill(baseScore);
  const validationScores = validation && new Float64Array(validation.labels.length).fill(baseScore);
  const trees: Tree[] = [];
  const history: Round[] = [];
  let best = { round: 0, loss: Number.POSITIVE_INFINITY };

  for (let round = 1; round <= parameters.rounds; round++) {
    if (signal?.aborted) throw new AppError("cancelled", `stopped after ${round - 1} rounds; nothing was kept`);
    computeGradients(trainScores, train.labels, workspace);
    const rows = sampleRows(train.labels.length, parameters.baggingFraction, random);
    const used = sampleFeatures(usable, parameters.featureFraction, random);
    const grown = growTree(workspace, rows, used, parameters);
    trees.push(grown.tree);
    addScores(grown, rows, train, trainScores);
    if (validation && validationScores) addTree(grown.tree, validation.features, validationScores);

    const trainLoss = meanLogLoss(trainScores, train.labels);
    const validationLoss =
      validation && validationScores ? meanLogLoss(validationScores, validation.labels) : Number.NaN;
    const judged = validation ? validationLoss : -round;
    if (judged < best.loss) best = { round, loss: judged };
    const result = { round, trainLoss, validationLoss, bestRound: best.round };
    history.push(result);
    onRound?.(result);
    const { earlyStoppingRounds } = parameters;
    if (earlyStoppingRounds > 0 && round - best.round >= earlyStoppingRounds) break;
    // Lets a signal arrive and progress be shown.
    await new Promise((resolve) => setImmediate(resolve));
  }
  const kept = parameters.earlyStoppingRounds > 0 ? best.round : trees.length;
  return { model: { featureNames, baseScore, trees: trees.slice(0, kept) }, history };
}

function createWorkspace({ features, labels }: LabelledRows, maxBins: number): Workspace {
  const rows = labels.length;
  const binned = features.map((values) => binFeature(values, maxBins));
  return {
    features: binned,
    offsets: binOffsets(binned),
    gradients: new Int32Array(rows),
    hessians: new Int32Array(rows),
    ordered: { gradients: new Int32Array(rows), hessians: new Int32Array(rows) },
    scratch: new Uint32Array(rows),
    histograms: [],
  };
}

function hasBothMissingAndNot(codes: Uint8Array): boolean {
  const first = codes[0];
  return codes.some((code) => code !== first);
}

function computeGradients(scores: Float64Array, labels: Uint8Array, { gradients, hessians }: Workspace): void {
  for (let i = 0; i < scores.length; i++) {
    const p = 1 / (1 + Math.exp(-(scores[i] as number)));
    gradients[i] = Math.round((p - (labels[i] as number)) * gradientScale);
    // A row that is certain still weighs something, else a leaf of such rows would have no step.
    hessians[i] = Math.max(1, Math.round(p * (1 - p) * gradientScale));
  }
}

/** Adds a tree's leaf values to the scores it was grown for; rows left out of the bag are walked down the tree. */
function addScores(
  { tree, leaves }: GrownTree,
  rows: Uint32Array,
  { features, labels }: LabelledRows,
  scores: Float64Array,
): void {
  if (rows.length < labels.length) {
    addTree(tree, features, scores);
    return;
  }
  for (const { start, end, value } of leaves) {
    for (let i = start; i < end; i++) {
      const row = rows[i] as number;
      scores[row] = (scores[row] as number) + value;
    }
  }
}

function sampleRows(count: number, fraction: number, random: Random): Uint32Array {
  const rows = new Uint32Array(count);
  let size = 0;
  for (let row = 0; row < count; row++) {
    if (fraction === 1 || random.uniform() < fraction) rows[size++] = row;
  }
  return size === 0 ? rows.subarray(0, 1) : rows.subarray(0, size);
}

function sampleFeatures(usable: readonly number[], fraction: number, random: Random): number[] {
  if (fraction === 1) return [...usable];
  const size = Math.max(1, Math.round(fraction * usable.length));
  return random
    .shuffle([...usable])
    .slice(0, size)
    .sort((a, b) => a - b);
}

function logOddsOf(labels: Uint8Array): number {
  const positives = labels.reduce((sum, label) => sum + label, 0);
  return Math.log(positives / (labels.length - positives));
}

/** log(1 + e^s) − y·s, written so that no exponential overflows. */
function meanLogLoss(scores: Float64Array, labels: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < scores.length; i++) {
    const s = scores[i] as number;
    sum += Math.max(s, 0) + Math.log1p(Math.exp(-Math.abs(s))) - (labels[i] as number) * s;
  }
  return sum / scores.length;
}

function checkColumns(featureNames: readonly string[], { features, labels }: LabelledRows, part: string): void {
  if (features.length !== featureNames.length) {
    throw new AppError(
      "invalid_data",
      `the ${part} rows have ${features.length} columns for ${featureNames.length} features`,
    );
  }
  const odd = features.findIndex((values) => values.length !== labels.length);
  if (odd >= 0)
    throw new AppError(
      "invalid_data",
      `column ${featureNames[odd]} of the ${part} rows has ${features[odd]?.length} values for ${labels.length} labels`,
    );
  const bad = labels.findIndex((label) => label > 1);
  if (bad >= 0)
    throw new AppError("invalid_data", `label ${bad} of the ${part} rows is ${labels[bad]}: labels are 0 or 1`);
}

function checkRows(featureNames: readonly string[], rows: LabelledRows): void {
  checkColumns(featureNames, rows, "training");
  const positives = rows.labels.reduce((sum, label) => sum + label, 0);
  if (rows.labels.length === 0) throw new AppError("invalid_data", "there are no rows to learn from");
  if (positives === 0 || positives === rows.labels.length) {
    throw new AppError(
      "invalid_data",
      `all ${rows.labels.length} rows have the label ${positives === 0 ? 0 : 1}: a model needs both`,
    );
  }
}
