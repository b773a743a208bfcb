import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";
import { openDataset } from "../data/ingest.ts";
import { writeSample } from "../data/sample.ts";
import { defaultParameters } from "../learner/parameters.ts";
import { temporaryFolder } from "../testing/service-process.ts";
import { trainModel } from "./model.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());

test("a model is not begun for which memory is short when it begins", async () => {
  const sample = join(folder.path, "sample.csv");
  writeSample(sample, { rows: 2000, seed: 1 }, () => {});
  const dataset = await openDataset(sample);
  const stages: string[] = [];
  const trained = trainModel({
    dataset,
    parameters: defaultParameters,
    version: "none",
    now: () => 0,
    onStage: (stage) => void stages.push(stage),
    onRound: () => stages.push("a round"),
    onWarning: () => {},
    memoryLimit: () => (stages.some((stage) => stage.startsWith("learning")) ? 200_000 : Number.POSITIVE_INFINITY),
    signal: new AbortController().signal,
  });
  await expect(trained).rejects.toMatchObject({
    code: "invalid_input",
    message: expect.stringMatching(
      /learning from 1,\d{3} rows takes about \d+ MB and may take 1 MB: give it fewer rows/,
    ),
  });
  expect(stages).not.toContain("a round");
  dataset.close();
});
