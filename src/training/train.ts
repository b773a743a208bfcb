import { existsSync } from "node:fs";
import { join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { runCommand, wholeNumberFrom } from "../command.ts";
import { type Config, readConfig } from "../config.ts";
import { type Dataset, openDataset } from "../data/ingest.ts";
import { AppError, messageOf } from "../errors.ts";
import { defaultParameters } from "../learner/parameters.ts";
import { type Manifest, performanceMetrics } from "../models/manifest.ts";
import { createRegistry, type Registry } from "../models/registry.ts";
import { treesFile } from "../models/trees-file.ts";
import { createRandom } from "../statistics/random.ts";
import { openStores } from "../storage/stores.ts";
import { type Comparison, compareVersions, comparisonTable } from "./comparison.ts";
import { onnxFile, trainModel } from "./model.ts";
import { createProgress } from "./progress.ts";
import { pushWaiting, trainingPayload, waitingFile } from "./push.ts";

const replayLimit = 200_000;

interface TrainArguments {
  data?: string;
  rows?: number;
  seed: number;
  rounds: number;
  patience: number;
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

/** The real data when it is there, else the sample. */
export function defaultDataFile(dataDirectory: string): string {
  const candidates = ["Train.csv", "sample.csv"].map((name) => join(dataDirectory, "raw", name));
  const found = candidates.find((file) => existsSync(file));
  if (!found) {
    throw new AppError(
      "not_found",
      `there is no data in ${join(dataDirectory, "raw")}: get it with bun run data:download, make some with bun run data:sample, or name a file with --data`,
    );
  }
  return found;
}

async function train(options: TrainArguments, config: Config): Promise<void> {
  const dataDirectory = options.out ?? config.DATA_DIR;
  const file = options.data ?? defaultDataFile(config.DATA_DIR);
  const cancelling = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => cancelling.abort());
  const parameters = {
    ...defaultParameters,
    seed: options.seed,
    rounds: options.rounds,
    earlyStoppingRounds: options.patience,
  };
  const progress = createProgress(process.stderr, parameters.rounds, Date.now);
  const stores = openStores(join(dataDirectory, "service.db"));
  const registry = createRegistry({ directory: join(dataDirectory, "models"), store: stores.models, now: Date.now });
  const dataset = await openTrainingData(file, options, registry).catch((error: unknown) => {
    stores.close();
    throw error;
  });
  try {
    for (const warning of dataset.warnings) process.stderr.write(`warning: ${warning}\n`);
    const { manifest, onnx, trees } = await trainModel({
      dataset,
      parameters,
      threshold: options.threshold,
      version: registry.newVersion(Date.now()),
      now: Date.now,
      onStage: progress.stage,
      onRound: progress.round,
      onWarning: (warning) => process.stderr.write(`warning: ${warning}\n`),
      signal: cancelling.signal,
    });
    progress.stage("storing the model and the customers of the replay");
    let position = 0;
    for await (const batch of dataset.replayCustomers(replayLimit)) {
      const rows = batch.map(({ customer, churned }) => ({
        position: position++,
        customer: JSON.stringify(customer),
        churned: churned ? 1 : 0,
      }));
      stores.replay.append(manifest.version, rows);
    }
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
  }
}

/** The data, once it is sure that there is something to compare with: it would be late to learn that after the training. */
async function openTrainingData(file: string, { rows, compare }: TrainArguments, registry: Registry): Promise<Dataset> {
  if (compare) registry.readManifest(compare);
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

function summary(
  { version, data, learner, threshold, performance, durationSeconds }: Manifest,
  isServing: boolean,
): string {
  const { metrics } = performance.holdout;
  const lines = performanceMetrics.map((metric) => {
    const { value, lower, upper } = metrics[metric];
    const shown = (x: number | null) => (x === null ? "undefined" : x.toFixed(4));
    return `  ${metric.padEnd(18)} ${shown(value)}   (${shown(lower)} – ${shown(upper)})`;
  });
  return [
    `model ${version}: ${learner.trees} trees from ${data.splits.train.toLocaleString("en")} customers of ${data.file} in ${durationSeconds.toFixed(1)} s`,
    `threshold ${threshold.toFixed(4)}; on ${data.splits.holdout.toLocaleString("en")} held-out customers (95 % interval):`,
    ...lines,
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
    .action((options: TrainArguments) => train(options, readConfig(process.env)));
  await runCommand(command, process.env);
}
