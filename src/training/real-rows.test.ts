import { afterAll, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { openDataset } from "../data/ingest.ts";
import { writeSample } from "../data/sample.ts";
import { defaultParameters } from "../learner/parameters.ts";
import { encodeTable } from "../models/encoding.ts";
import { openSession, scoreColumns } from "../models/session.ts";
import { logLoss } from "../statistics/probability-scores.ts";
import { rankScores, rocAuc } from "../statistics/ranking.ts";
import { temporaryFolder } from "../testing/service-process.ts";
import { trainModel } from "./model.ts";

const realRows = join(import.meta.dir, "../../../shared/data/expresso/labelled_rows.csv");
const hasRealRows = existsSync(realRows);
if (!hasRealRows) process.stderr.write("skipped: the real Expresso rows are not beside the project\n");

const folder = temporaryFolder();
afterAll(() => folder.remove());

test.skipIf(!hasRealRows)(
  "what is learned on 200,000 synthetic customers holds on real ones: ROC AUC of 0.915 or more, log loss of 0.285 or less",
  async () => {
    const sample = join(folder.path, "sample.csv");
    writeSample(sample, { rows: 200_000, seed: 1 }, () => {});
    const dataset = await openDataset(sample);
    const { manifest, onnx } = await trainModel({
      dataset,
      parameters: defaultParameters,
      version: "test",
      now: () => 0,
      onStage: () => {},
      onRound: () => {},
      onWarning: () => {},
      signal: new AbortController().signal,
    });
    dataset.close();
    const real = await openDataset(realRows);
    const session = await openSession(onnx, manifest.features.length);
    const probabilities: number[] = [];
    const labels: number[] = [];
    for (const split of ["train", "validation", "holdout"] as const) {
      const table = await real.read(split);
      probabilities.push(...(await scoreColumns(session, encodeTable(manifest.features, table))));
      labels.push(...table.churned);
    }
    real.close();
    await session.release();
    const [scores, truth] = [Float64Array.from(probabilities), Uint8Array.from(labels)];
    const auc = rocAuc(rankScores(scores, truth));
    const loss = logLoss(scores, truth);
    process.stderr.write(`${labels.length} real rows: ROC AUC ${auc.toFixed(4)}, log loss ${loss.toFixed(4)}\n`);
    expect(labels).toHaveLength(1049);
    expect(auc).toBeGreaterThanOrEqual(0.915);
    expect(loss).toBeLessThanOrEqual(0.285);
  },
  120_000,
);
