import { availableParallelism } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { runCommand } from "../command.ts";
import { type Config, readConfig } from "../config.ts";
import { openFeatureStream, type StreamedFeature } from "../data/feature-stream.ts";
import { writeScores } from "../data/scores-file.ts";
import { AppError } from "../errors.ts";
import { levelCodes } from "../models/encoding.ts";
import type { FeatureEncoding } from "../models/manifest.ts";
import { createRegistry } from "../models/registry.ts";
import { openSession } from "../models/session.ts";
import { openStores } from "../storage/stores.ts";

interface Options {
  out: string;
  model?: string;
}

const batchRows = 16_384;

const streamed = (feature: FeatureEncoding): StreamedFeature =>
  feature.kind === "numeric"
    ? feature
    : { name: feature.name, kind: "categorical", codes: levelCodes(feature), other: feature.other };

/** Scores every customer of a file with one model version, in constant memory. */
async function score(file: string, { out, model }: Options, { DATA_DIR }: Config, now: () => number): Promise<void> {
  const stores = openStores(join(DATA_DIR, "service.db"));
  try {
    const registry = createRegistry({ directory: join(DATA_DIR, "models"), store: stores.models, now });
    const version = model ?? registry.currentUse()?.version;
    if (!version) throw new AppError("unavailable", "there is no model: train one with bun run train");
    registry.readManifest(version);
    const threads = availableParallelism();
    const { manifest, session } = await registry.load(version, {
      open: (onnx, featureCount) => openSession(onnx, featureCount, threads),
    });
    const stream = await openFeatureStream(file, manifest.features.map(streamed), threads);
    const started = now();
    let rows = 0;
    let churners = 0;
    try {
      for (const warning of stream.warnings) process.stderr.write(`warning: ${warning}\n`);
      await writeScores(out, version, async (add) => {
        for await (const { userIds, features } of stream.batches(batchRows)) {
          const probabilities = await session.score(features, userIds.length);
          add(
            userIds.map((userId, i) => {
              const probability = probabilities[i] as number;
              const churn = probability >= manifest.threshold;
              if (churn) churners++;
              return { userId, probability, churn };
            }),
          );
          rows += userIds.length;
          if (process.stderr.isTTY) process.stderr.write(`\r${rows.toLocaleString("en")} customers `);
        }
        if (rows === 0) throw new AppError("invalid_data", `${file} has a header but no customers`);
      });
    } finally {
      stream.close();
      await session.release();
    }
    const seconds = (now() - started) / 1000;
    process.stderr.write(
      `${process.stderr.isTTY ? "\r" : ""}${rows.toLocaleString("en")} customers scored by ${version} in ${seconds.toFixed(1)} s, ${churners.toLocaleString("en")} of them called churners: ${out}\n`,
    );
  } finally {
    stores.close();
  }
}

const command = new Command("score")
  .description("Scores every customer of a file; a service that runs is not disturbed")
  .argument("<file>", "CSV, gzipped CSV or Parquet, in the columns of data/README.md; CHURN is not needed")
  .requiredOption(
    "--out <file>",
    "where to write user_id, probability, churn, model_version: CSV, or Parquet by its name",
  )
  .option("--model <version>", "a version of bun run model:list; the one that serves when absent")
  .action((file: string, options: Options) => score(file, options, readConfig(process.env), Date.now));
await runCommand(command, process.env);
