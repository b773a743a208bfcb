import { afterAll, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { writeSample } from "../data/sample.ts";
import { labelledRealRows, learnAndJudge } from "../testing/real-rows.ts";
import { temporaryFolder } from "../testing/service-process.ts";

const hasRealRows = existsSync(labelledRealRows);
if (!hasRealRows) process.stderr.write("skipped: the real Expresso rows are not beside the project\n");

const folder = temporaryFolder();
afterAll(() => folder.remove());

test.skipIf(!hasRealRows)(
  "what is learned on 200,000 synthetic customers holds on real ones: ROC AUC of 0.915 or more, log loss of 0.285 or less",
  async () => {
    const sample = join(folder.path, "sample.csv");
    writeSample(sample, { rows: 200_000, seed: 1 }, () => {});
    const { rows, rocAuc, logLoss } = await learnAndJudge(sample, labelledRealRows);
    process.stderr.write(`${rows} real rows: ROC AUC ${rocAuc.toFixed(4)}, log loss ${logLoss.toFixed(4)}\n`);
    expect(rows).toBe(1049);
    expect(rocAuc).toBeGreaterThanOrEqual(0.915);
    expect(logLoss).toBeLessThanOrEqual(0.285);
  },
  120_000,
);
