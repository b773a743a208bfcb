import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { Command } from "commander";
import { runCommand, wholeNumberFrom } from "../command.ts";
import { type Config, readConfig } from "../config.ts";
import { openDataset } from "../data/ingest.ts";
import { AppError, messageOf } from "../errors.ts";
import { createRegistry } from "../models/registry.ts";
import { openStores } from "../storage/stores.ts";
import { defaultDataFile } from "./data-file.ts";
import { parseImportManifest } from "./import-manifest.ts";
import { importModel } from "./import-model.ts";
import { onnxFile } from "./model.ts";
import { performanceLines } from "./performance.ts";
import { createProgress } from "./progress.ts";
import { storeReplay } from "./replay-store.ts";

interface ImportArguments {
  manifest?: string;
  data?: string;
  rows?: number;
  seed: number;
}

function read(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new AppError("not_found", `${file} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

async function importFile(file: string, options: ImportArguments, config: Config, now: () => number): Promise<void> {
  const onnx = read(file);
  const told = options.manifest
    ? parseImportManifest(new TextDecoder().decode(read(options.manifest)), options.manifest)
    : {};
  const dataset = await openDataset(options.data ?? defaultDataFile(config.DATA_DIR), { rows: options.rows });
  const stores = openStores(join(config.DATA_DIR, "service.db"));
  const progress = createProgress(process.stderr, 0, now);
  try {
    for (const warning of dataset.warnings) process.stderr.write(`warning: ${warning}\n`);
    const directory = join(config.DATA_DIR, "models");
    const registry = createRegistry({ directory, store: stores.models, now });
    const imported = await importModel({
      onnx,
      name: basename(file),
      manifest: told,
      dataset,
      version: registry.newVersion(now()),
      seed: options.seed,
      now,
      onStage: progress.stage,
      onWarning: (warning) => process.stderr.write(`warning: ${warning}\n`),
    }).catch((error: unknown) => {
      throw error instanceof AppError ? new AppError(error.code, `${file}: ${error.message}`, { cause: error }) : error;
    });
    const { manifest } = imported;
    progress.stage("storing the model and the customers of the replay");
    await storeReplay(stores.replay, manifest.version, dataset);
    registry.add(manifest, { [onnxFile]: imported.onnx });
    const { version, features, learner, imported: source } = manifest;
    const lines = [
      `model ${version}: ${source?.file} of ${learner.name} reads ${features.map(({ name }) => name).join(", ")}`,
      ...performanceLines(manifest),
      `It does not serve yet: bun run model:use ${version}`,
    ];
    process.stdout.write(`${lines.join("\n")}\n`);
  } finally {
    progress.end();
    dataset.close();
    stores.close();
  }
}

const command = new Command("model:import")
  .description("Takes an ONNX model of another tool as a version: checked, tried on the data, evaluated, registered")
  .argument("<file>", "the model: XGBoost, LightGBM, scikit-learn … by their usual converters")
  .option("--manifest <file>", "JSON that says what the file does not: columns, codes, missing (README)")
  .option("--data <file>", "labelled customers to try it on (default: Train.csv, else sample.csv, in DATA_DIR/raw)")
  .option("--rows <n>", "read only that many rows", wholeNumberFrom(1))
  .option("--seed <n>", "seed of the thresholds of the monitors", wholeNumberFrom(0), 1)
  .action((file: string, options: ImportArguments) => importFile(file, options, readConfig(process.env), Date.now));
await runCommand(command, process.env);
