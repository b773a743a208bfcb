import { AppError } from "../errors.ts";
import { createRandom, type Random } from "../statistics/random.ts";
import { createBestScores, type Scores } from "./best-scores.ts";
import { type Crew, CrewError, type CrewOptions, createCrew, defaultCrewOptions } from "./crew.ts";
import type { BoostedTrees, Tree } from "./model.ts";
import { checkParameters, type LearnerParameters } from "./parameters.ts";
import { checkShape, type LabelledRows, weighClasses } from "./rows.ts";
import { phase } from "./tasks.ts";
import { growTree } from "./tree.ts";
import { createWorkspace, estimateMemory, type Part, type Workspace } from "./workspace.ts";

export interface Round {
  /** From 1. */
  round: number;
  /** Mean log loss in nats, weighted when the rows are; NaN for validation without validation rows. */
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
  /** Told in one line when the fit goes on with fewer threads than it was given. */
  onWarning?: (message: string) => void;
  signal?: AbortSignal;
  /** Bytes that the fit may take beside the rows given to it; any number when absent. */
  memoryLimit?: number;
}

export interface Fit {
  model: BoostedTrees;
  /** The round with the least validation loss, from 1; without validation rows the last. */
  bestRound: number;
  history: Round[];
  /** Raw scores that the model gives to the rows it was fitted with; those of `rawScores`, without looking again. */
  scores: Scores;
}

const cellsWorthSharing = 50_000;
const cellsWorthWorkers = 200_000;

/**
 * Fits gradient-boosted trees to a binary target by Newton steps on the log loss, trees grown leaf-wise on histograms.
 * Missing values are a value of their own: every split learns on which side they belong. The model is the same, bit for
 * bit, for any number of threads.
 *
 * With early stopping the model keeps the rounds up to the one with the least validation loss, else all.
 * Source: Chen & Guestrin, "XGBoost" (2016); Ke et al., "LightGBM" (2017).
 * @throws AppError `invalid_input` for parameters out of range and rows that need more memory than allowed, `invalid_data`
 *   for rows that nothing can be learned from, `cancelled` when `signal` is aborted.
 */
export async function fit(options: FitOptions, crewOptions: CrewOptions = defaultCrewOptions): Promise<Fit> {
  const { featureNames, train, validation, parameters } = options;
  checkParameters(parameters);
  checkShape(featureNames, train, "training");
  if (validation) checkShape(featureNames, validation, "validation");
  const classWeights = weighClasses(train);
  checkMemory(options);
  const threads = train.labels.length * featureNames.length < cellsWorthWorkers ? 1 : parameters.threads;
  let told = 0;
  const boostWith = (count: number) =>
    boost(options, classWeights, count, crewOptions, (round) => {
      if (round.round <= told) return;
      told = round.round;
      options.onRound?.(round);
    });
  try {
    return await boostWith(threads);
  } catch (error) {
    if (!(error instanceof CrewError)) throw error;
    options.onWarning?.(`${error.message}: learning starts again on one thread`);
    return boostWith(1);
  }
}

async function boost(
  { featureNames, train, validation, parameters, signal }: FitOptions,
  [zeros, ones]: readonly [number, number],
  threads: number,
  crewOptions: CrewOptions,
  onRound: (round: Round) => void,
): Promise<Fit> {
  const random = createRandom(parameters.seed);
  const workspace = createWorkspace(train, validation, parameters);
  const crew = createCrew(workspace, threads, crewOptions);
  try {
    codeFeatures(workspace, crew, featureNames, train, validation);
    const usable = usableFeatures(workspace);
    const baseScore = Math.fround(Math.log(ones / zeros));
    workspace.train.scores.fill(baseScore);
    workspace.validation?.scores.fill(baseScore);
    share(workspace, crew, phase.gradients, workspace.train);
    const weights = [workspace.train, workspace.validation].map((part) => (part ? totalWeight(part) : 0));
    const trees: Tree[] = [];
    const history: Round[] = [];
    let best = { round: 0, loss: Number.POSITIVE_INFINITY };
    const { earlyStoppingRounds } = parameters;
    // Without a stop the last round is kept, whose scores the workspace has.
    const bestScores = validation && earlyStoppingRounds > 0 ? createBestScores(workspace, baseScore) : null;

    for (let round = 1; round <= parameters.rounds; round++) {
      if (signal?.aborted) throw new AppError("cancelled", `stopped after ${round - 1} rounds; nothing was kept`);
      const rows = sampleRows(workspace, parameters.baggingFraction, random);
      const used = sampleFeatures(usable, parameters.featureFraction, random);
      workspace.used.set(used);
      const { tree, leafCount } = growTree(workspace, crew, rows, used.length, parameters);
      trees.push(tree);
      addTree(workspace, crew, rows, leafCount);

      share(workspace, crew, phase.gradients, workspace.train);
      const trainLoss = sum(workspace.train.losses) / (weights[0] as number);
      const validationLoss = workspace.validation
        ? sum(workspace.validation.losses) / (weights[1] as number)
        : Number.NaN;
      const judged = validation ? validationLoss : -round;
      const isBest = judged < best.loss;
      if (isBest) best = { round, loss: judged };
      bestScores?.added(isBest);
      const result = { round, trainLoss, validationLoss, bestRound: best.round };
      history.push(result);
      onRound(result);
      if (earlyStoppingRounds > 0 && round - best.round >= earlyStoppingRounds) break;
      // Lets a signal arrive and progress be shown.
      await new Promise((resolve) => setImmediate(resolve));
    }
    const scores = bestScores?.restore(() => {
      share(workspace, crew, phase.walk, workspace.train);
      if (workspace.validation) share(workspace, crew, phase.walk, workspace.validation);
    }) ?? { train: workspace.train.scores, validation: workspace.validation?.scores ?? new Float64Array() };
    const kept = earlyStoppingRounds > 0 ? best.round : trees.length;
    return { model: { featureNames, baseScore, trees: trees.slice(0, kept) }, bestRound: best.round, history, scores };
  } finally {
    crew.close();
  }
}

/** Does a phase over all rows of a part, in chunks. */
function share(workspace: Workspace, crew: Crew, kind: typeof phase.gradients | typeof phase.walk, part: Part): void {
  workspace.details[0] = part === workspace.train ? 0 : 1;
  crew.run(kind, part.losses.length, part.rows > cellsWorthSharing);
}

/** Brings the columns to their codes, two at a time through shared memory that the scores take later. */
function codeFeatures(
  workspace: Workspace,
  crew: Crew,
  featureNames: readonly string[],
  train: LabelledRows,
  validation: LabelledRows | null,
): void {
  const parts = [[train, workspace.train] as const, [validation, workspace.validation] as const];
  for (const [p, [rows, part]] of parts.entries()) {
    if (!rows || !part) continue;
    const room = new Float32Array(part.scores.buffer);
    for (let first = 0; first < rows.features.length; first += 2) {
      const columns = rows.features.slice(first, first + 2);
      for (const [i, values] of columns.entries()) room.set(values, i * part.rows);
      workspace.details.set([p, first]);
      crew.run(phase.code, columns.length, part.rows > cellsWorthSharing);
    }
  }
  const found = workspace.infiniteRows.findIndex((row) => row >= 0);
  if (found < 0) return;
  throw new AppError(
    "invalid_data",
    `column ${featureNames[found >> 1]} of the ${found % 2 === 0 ? "training" : "validation"} rows is infinite in row ${workspace.infiniteRows[found]}: values are finite, or NaN for missing`,
  );
}

/** Features that tell training rows apart. */
function usableFeatures({ cutCounts, missingCounts, train }: Workspace): number[] {
  const usable = Array.from(cutCounts.keys()).filter((feature) => {
    const missing = missingCounts[feature] as number;
    return (cutCounts[feature] as number) > 0 || (missing > 0 && missing < train.rows);
  });
  if (usable.length > 0) return usable;
  throw new AppError("invalid_data", "no feature has two different values: there is nothing to learn from");
}

/** Adds the grown tree to the scores. Its rows are known by leaf; those outside the bag and of validation are walked down. */
function addTree(workspace: Workspace, crew: Crew, rows: number, leafCount: number): void {
  const { train, validation } = workspace;
  if (rows < train.rows) share(workspace, crew, phase.walk, train);
  else crew.run(phase.addLeaves, leafCount, rows > cellsWorthSharing);
  if (validation) share(workspace, crew, phase.walk, validation);
}

/** Puts the rows of a bag into `order`, ascending. @returns how many */
function sampleRows({ order }: Workspace, fraction: number, random: Random): number {
  let size = 0;
  if (fraction === 1) for (; size < order.length; size++) order[size] = size;
  else for (let row = 0; row < order.length; row++) if (random.uniform() < fraction) order[size++] = row;
  if (size === 0) order[size++] = 0;
  return size;
}

function sampleFeatures(usable: readonly number[], fraction: number, random: Random): number[] {
  if (fraction === 1) return [...usable];
  const size = Math.max(1, Math.round(fraction * usable.length));
  return random
    .shuffle([...usable])
    .slice(0, size)
    .sort((a, b) => a - b);
}

const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);
const totalWeight = ({ weights, rows }: Part): number =>
  weights ? weights.reduce((total, weight) => total + weight, 0) : rows;

function checkMemory({ train, validation, parameters, memoryLimit }: FitOptions): void {
  const needed = estimateMemory(train, validation, parameters);
  if (memoryLimit === undefined || needed <= memoryLimit) return;
  const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1e6).toLocaleString("en")} MB`;
  throw new AppError(
    "invalid_input",
    `learning from ${train.labels.length.toLocaleString("en")} rows takes about ${megabytes(needed)} and may take ${megabytes(memoryLimit)}: give it fewer rows or more memory`,
  );
}
