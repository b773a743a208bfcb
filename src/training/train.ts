import { join } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { runCommand, wholeNumberFrom } from "../command.ts";
import { type Config, readConfig } from "../config.ts";
import { type Dataset, openDataset } from "../data/ingest.ts";
import { messageOf } from "../errors.ts";
import { checkParameters, defaultParameters, type LearnerParameters } from "../learner/parameters.ts";
import type { Manifest } from "../models/manifest.ts";
import { createRegistry, type Registry } from "../models/registry.ts";
import { treesFile } from "../models/trees-file.ts";
import { createRandom } from "../statistics/random.ts";
import { lockTraining } from "../storage/lock.ts";
import { openStores } from "../storage/stores.ts";
import { type Comparison, compareVersions, comparisonTable } from "./comparison.ts";
import { crossValidate, crossValidationTable } from "./cross-validation.ts";
import { defaultDataFile } from "./data-file.ts";
import { onnxFile, trainModel } from "./model.ts";
import { performanceLines } from "./performance.ts";
import { createProgress } from "./progress.ts";
import { pushWaiting, trainingPayload, waitingFile } from "./push.ts";
import { storeReplay } from "./replay-store.ts";

interface TrainArguments extends Omit<LearnerParameters, "earlyStoppingRounds"> {
  data?: string;
  rows?: number;
  patience: number;
  crossValidate?: number;
  threshold?: number;
  out?: string;
  use: boolean;
  compare?: string;
  force?: boolean;
}

const ratio = (text: string): number => {
  const value = Number(text);
  if (!(value > 0 && value < 1)) throw new InvalidArgumentError("expected a number between 0 and 1");
  return value;
};

const decimal = (text: string): number => {
  if (!/^\d*\.?\d+(e-?\d+)?$/i.test(text)) throw new InvalidArgumentError("expected a number from 0");
  return Number(text);
};

/** @throws AppError `invalid_input` for one out of its range */
function parametersOf({ patience, ...options }: TrainArguments): LearnerParameters {
  const named = Object.keys(defaultParameters).filter((name) => name in options) as (keyof TrainArguments &
    keyof LearnerParameters)[];
  const chosen = Object.fromEntries(named.map((name) => [name, options[name]]));
  const parameters = { ...defaultParameters, ...chosen, earlyStoppingRounds: patience };
  checkParameters(parameters);
  return parameters;
}

/** Ends when the process is asked to. */
function cancellation(): AbortSignal {
  const cancelling = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => cancelling.abort());
  return cancelling.signal;
}

/** Prints how well these parameters learn from the data. Keeps no model and touches neither database nor registry. */
async function tryFolds(options: TrainArguments, folds: number, config: Config, now: () => number): Promise<void> {
  const parameters = parametersOf(options);
  const dataset = await openDataset(options.data ?? defaultDataFile(config.DATA_DIR), { rows: options.rows });
  try {
    for (const warning of dataset.warnings) process.stderr.write(`warning: ${warning}\n`);
    const result = await crossValidate({
      rows: await dataset.readAll(),
      folds,
      parameters,
      now,
      onFold: (fold, { seconds }) => process.stderr.write(`fold ${fold + 1} of ${folds}: ${seconds.toFixed(1)} s\n`),
      onWarning: (warning) => process.stderr.write(`warning: ${warning}\n`),
      signal: cancellation(),
    });
    process.stdout.write(
      `${folds}-fold cross-validation on ${dataset.rows.toLocaleString("en")} customers of ${dataset.name}; no model was kept\n${crossValidationTable(result)}`,
    );
  } finally {
    dataset.close();
  }
}

async function train(options: TrainArguments, config: Config, now: () => number): Promise<void> {
  const parameters = parametersOf(options);
  const dataDirectory = options.out ?? config.DATA_DIR;
  const file = options.data ?? defaultDataFile(config.DATA_DIR);
  const signal = cancellation();
  const progress = createProgress(process.stderr, parameters.rounds, now);
  const lock = lockTraining(dataDirectory);
  const stores = openStores(join(dataDirectory, "service.db"));
  const registry = createRegistry({ directory: join(dataDirectory, "models"), store: stores.models, now });
  for (const name of registry.removeLeftovers())
    process.stderr.write(`warning: removed ${name}, left by a training that was killed\n`);
  const dataset = await openTrainingData(file, options, registry).catch((error: unknown) => {
    stores.close();
    lock.release();
    throw error;
  });
  try {
    for (const warning of dataset.warnings) process.stderr.write(`warning: ${warning}\n`);
    const version = registry.newVersion(now());
    const { manifest, onnx, trees } = await trainModel({
      dataset,
      parameters,
      threshold: options.threshold,
      version,
      now,
      // The replay, and a comparison, need no others.
      onRead: () => dataset.keepOnly("holdout"),
      onVerified: () => storeReplay(stores.replay, version, dataset),
      onStage: progress.stage,
      onRound: progress.round,
      onWarning: (warning) => process.stderr.write(`warning: ${warning}\n`),
      memoryLimit: () => process.availableMemory(),
      signal,
    });
    progress.stage("storing the model");
    registry.add(manifest, { [onnxFile]: onnx, [treesFile]: trees, [waitingFile]: await trainingPayload(manifest) });
    let comparison: Comparison | null = null;
    if (options.compare) {
      progress.stage(`comparing with ${options.compare}`);
      const versions = [manifest.version, options.compare] as const;
      comparison = await compareVersions(registry, versions, dataset, createRandom(parameters.seed));
    }
    const isHeldBack = comparison?.isWorse === true && !options.force;
    const isServing = options.use && !isHeldBack;
    if (isServing) await registry.use(manifest.version);
    progress.end();
    process.stdout.write(summary(manifest, isServing));
    if (options.compare && comparison) process.stdout.write(comparisonTable(comparison, options.compare));
    if (options.use && isHeldBack)
      process.stderr.write(
        `warning: ${manifest.version} is significantly worse than ${options.compare}: it was not made to serve (--force does)\n`,
      );
    await tryPush(config.PUSHGATEWAY_URL, join(dataDirectory, "models"));
  } finally {
    progress.end();
    dataset.close();
    stores.close();
    lock.release();
  }
}

/** The data, once it is sure that there is something to compare with: it would be late to learn that after the training. */
async function openTrainingData(file: string, { rows, compare }: TrainArguments, registry: Registry): Promise<Dataset> {
  if (compare) await (await registry.load(registry.readManifest(compare).version)).session.release();
  return openDataset(file, { rows });
}

async function tryPush(url: string, modelsDirectory: string): Promise<void> {
  if (url === "") return;
  try {
    const version = await pushWaiting(url, modelsDirectory);
    if (version) process.stderr.write(`pushed the metrics of ${version} to ${url}\n`);
  } catch (error) {
    process.stderr.write(
      `warning: ${messageOf(error)}; the metrics wait beside the model and are pushed at the next start\n`,
    );
  }
}

function summary(manifest: Manifest, isServing: boolean): string {
  const { version, data, learner, durationSeconds } = manifest;
  return [
    `model ${version}: ${learner.trees} trees from ${data.splits.train.toLocaleString("en")} customers of ${data.file} in ${durationSeconds.toFixed(1)} s`,
    ...performanceLines(manifest),
    isServing
      ? "It serves from now on; a running service follows within a second."
      : `It does not serve yet: bun run model:use ${version}`,
    "",
  ].join("\n");
}

if (import.meta.main) {
  const command = new Command("train")
    .description("Trains, evaluates and registers a model version")
    .option("--data <file>", "CSV, gzipped CSV or Parquet (default: Train.csv, else sample.csv, in DATA_DIR/raw)")
    .option("--rows <n>", "read only that many rows", wholeNumberFrom(1))
    .option("--seed <n>", "seed of the learner", wholeNumberFrom(0), defaultParameters.seed)
    .option("--rounds <n>", "trees at most", wholeNumberFrom(1), defaultParameters.rounds)
    .option(
      "--patience <n>",
      "rounds without improvement on validation before it stops; 0: never",
      wholeNumberFrom(0),
      defaultParameters.earlyStoppingRounds,
    )
    .option("--learning-rate <x>", "share of each tree that is added", decimal, defaultParameters.learningRate)
    .option("--max-leaves <n>", "leaves of a tree at most", wholeNumberFrom(2), defaultParameters.maxLeaves)
    .option("--min-child-weight <x>", "least sum of hessians in a leaf", decimal, defaultParameters.minChildWeight)
    .option("--lambda <x>", "L2 penalty on leaf values", decimal, defaultParameters.lambda)
    .option("--max-bins <n>", "bins of a feature at most", wholeNumberFrom(3), defaultParameters.maxBins)
    .option("--feature-fraction <x>", "share of the features for each tree", decimal, defaultParameters.featureFraction)
    .option("--bagging-fraction <x>", "share of the rows for each tree", decimal, defaultParameters.baggingFraction)
    .option("--threads <n>", "threads that learn; the model is the same", wholeNumberFrom(1), defaultParameters.threads)
    .addOption(
      new Option(
        "--cross-validate <k>",
        "prints how well this learns, in K folds by the hash of the user id; keeps no model",
      )
        .argParser(wholeNumberFrom(2))
        .conflicts(["threshold", "out", "compare", "force"]),
    )
    .option(
      "--threshold <p>",
      "probability from which a customer is called a churner (default: the best F1 on validation)",
      ratio,
    )
    .option("--out <dir>", "data directory to write to (default: DATA_DIR)")
    .option(
      "--compare <version>",
      "compare with that version on the same holdout; the new one serves unless it is significantly worse",
    )
    .option("--force", "with --compare: let it serve even so")
    .option("--no-use", "register the model without letting it serve")
    .action((options: TrainArguments) => {
      const config = readConfig(process.env);
      const { crossValidate: folds } = options;
      return folds === undefined ? train(options, config, Date.now) : tryFolds(options, folds, config, Date.now);
    });
  await runCommand(command, process.env);
}
