import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { openDataset } from "../data/ingest.ts";
import { writeSample } from "../data/sample.ts";
import { defaultParameters } from "../learner/parameters.ts";
import { runCommandFile, temporaryFolder } from "../testing/service-process.ts";
import { crossValidate, crossValidationTable, partOf } from "./cross-validation.ts";

const folder = temporaryFolder();
const sample = join(folder.path, "sample.csv");
const DATA_DIR = join(folder.path, "data");
const parameters = { ...defaultParameters, rounds: 20 };

beforeAll(() => void writeSample(sample, { rows: 4000, seed: 1 }, () => {}));
afterAll(() => folder.remove());

async function allRows() {
  const dataset = await openDataset(sample);
  try {
    return await dataset.readAll();
  } finally {
    dataset.close();
  }
}
const validate = async (seed: number) =>
  crossValidate({
    rows: await allRows(),
    folds: 3,
    parameters: { ...parameters, seed, baggingFraction: 0.5 },
    now: () => 0,
  });

describe("cross-validation", () => {
  test("tests every customer once, and never on what the fold learned from or stopped by", () => {
    for (let position = 0; position < 1_000_000; position += 997) {
      const parts = [0, 1, 2, 3, 4].map((fold) => partOf(position, 5, fold));
      expect(parts.filter((part) => part === "test")).toHaveLength(1);
      expect(new Set(parts.filter((part) => part !== "test")).size).toBe(1);
    }
    const parts = Array.from({ length: 10_000 }, (_, i) => partOf(100 * i, 5, 0));
    expect(parts.filter((part) => part === "test")).toHaveLength(2000);
    expect(parts.filter((part) => part === "validation")).toHaveLength(1600);
  });

  test("gives the same figures for the same seed, and others for another", async () => {
    const first = await validate(1);
    expect(await validate(1)).toEqual(first);
    expect((await validate(2)).mean.logLoss).not.toBe(first.mean.logLoss);
    expect(first.folds).toHaveLength(3);
    for (const { rocAuc, logLoss } of first.folds) {
      expect(rocAuc).toBeGreaterThan(0.85);
      expect(logLoss).toBeLessThan(0.4);
    }
  });

  test("learns nothing from labels that say nothing", async () => {
    const { table, positions } = await allRows();
    const churned = table.churned.map((_, row) => ((row * 7919) % 3 === 0 ? 1 : 0));
    const rows = { table: { ...table, churned }, positions };
    const { mean } = await crossValidate({ rows, folds: 2, parameters, now: () => 0 });
    expect(Math.abs(mean.rocAuc - 0.5)).toBeLessThan(0.05);
  });

  test("sums up its folds", async () => {
    const result = await validate(1);
    const losses = result.folds.map(({ logLoss }) => logLoss) as [number, number, number];
    const mean = (losses[0] + losses[1] + losses[2]) / 3;
    expect(result.mean.logLoss).toBeCloseTo(mean, 12);
    const squares = losses.reduce((sum, loss) => sum + (loss - mean) ** 2, 0);
    expect(result.standardDeviation.logLoss).toBeCloseTo(Math.sqrt(squares / 2), 12);
    expect(crossValidationTable(result).trim().split("\n")).toHaveLength(6);
  });
});

describe("bun run train --cross-validate", () => {
  const train = (options: string[]) =>
    runCommandFile("training/train.ts", ["--data", sample, "--rounds", "10", ...options], { DATA_DIR });

  test("prints the folds and keeps no model", async () => {
    const { code, stdout } = await train(["--cross-validate", "2", "--max-leaves", "7"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /fold +roc_auc +average_precision +log_loss +brier +rounds +seconds\n +1 [\s\S]*\n +2 [\s\S]*mean [\s\S]*± sd/,
    );
    expect(existsSync(DATA_DIR)).toBe(false);
  }, 30_000);

  test.each<[string[], number, string]>([
    [["--cross-validate", "1"], 64, "whole number from 2"],
    [["--cross-validate", "some"], 64, "whole number from 2"],
    [["--cross-validate", "3", "--compare", "a"], 64, "cannot be used with option '--compare"],
    [["--cross-validate", "3999"], 65, "take fewer folds or more rows"],
    [["--cross-validate", "2", "--learning-rate", "1.5"], 65, "learningRate must be above 0, at most 1, is 1.5"],
    [["--feature-fraction", "-1"], 64, "expected a number from 0"],
    [["--max-bins", "300"], 65, "maxBins must be a whole number from 3 to 256"],
  ])("refuses %j", async (options, code, message) => {
    const finished = await train(options);
    expect([finished.code, finished.stderr]).toEqual([code, expect.stringContaining(message)]);
    expect(existsSync(DATA_DIR)).toBe(false);
  });
});
