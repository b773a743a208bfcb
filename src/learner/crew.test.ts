import { describe, expect, test } from "bun:test";
import { createRandom } from "../statistics/random.ts";
import { type FitOptions, fit } from "./boosting.ts";
import { defaultCrewOptions, type Helper, type Job, place, type StartHelper, startWorker } from "./crew.ts";
import { defaultParameters } from "./parameters.ts";
import type { LabelledRows } from "./rows.ts";

const featureNames = ["a", "b", "c", "d", "e"];

function makeRows(rows: number, seed: number): LabelledRows {
  const random = createRandom(seed);
  const features = featureNames.map((_, f) =>
    Float32Array.from({ length: rows }, () =>
      random.uniform() < 0.2 ? Number.NaN : f === 0 ? random.integer(9) : random.normal(),
    ),
  );
  const labels = Uint8Array.from({ length: rows }, (_, row) => {
    const odds = features.reduce((sum, values) => sum + ((values[row] as number) || 0) / 2, -2);
    return random.uniform() < 1 / (1 + Math.exp(-odds)) ? 1 : 0;
  });
  return { features, labels, weights: Float32Array.from(labels, () => random.uniform()) };
}

const options = (threads: number): FitOptions => ({
  featureNames,
  train: makeRows(60_000, 1),
  validation: makeRows(55_000, 2),
  parameters: { ...defaultParameters, rounds: 6, threads, earlyStoppingRounds: 0 },
});

/** A helper that takes a task after so many phases and keeps it. */
const startThief: StartHelper = ({ control }) => {
  const source = `onmessage = ({ data }) => {
    Atomics.add(data, ${place.started}, 1);
    Atomics.notify(data, ${place.started});
    while (Atomics.load(data, ${place.generation}) < 40);
    while (Atomics.sub(data, ${place.waiting}, 1) < 1);
  };`;
  const worker = new Worker(URL.createObjectURL(new Blob([source], { type: "application/javascript" })));
  worker.postMessage(control);
  return { stop: () => worker.terminate() };
};

/** Starts a helper and waits until it is there, so that it takes part for certain. */
const awaited =
  (start: StartHelper, jobs: Job[] = []): StartHelper =>
  (job): Helper => {
    jobs.push(job);
    const before = Atomics.load(job.control, place.started);
    const helper = start(job);
    if (Atomics.wait(job.control, place.started, before, 10_000) === "timed-out") throw new Error("no worker came");
    return helper;
  };

describe("a crew", () => {
  test("learns the same model, bit for bit, with one, two and three threads", async () => {
    const alone = await fit(options(1));
    for (const threads of [2, 3]) {
      const jobs: Job[] = [];
      const shared = await fit(options(threads), {
        ...defaultCrewOptions,
        startHelper: awaited(startWorker, jobs),
      });
      expect(Atomics.load((jobs[0] as Job).control, place.helped)).toBeGreaterThan(0);
      expect(shared).toEqual(alone);
    }
  });

  test("does the same for samples of rows and columns", async () => {
    const sampled = (threads: number) => {
      const { parameters, ...rest } = options(threads);
      return { ...rest, parameters: { ...parameters, baggingFraction: 0.7, featureFraction: 0.6 } };
    };
    const shared = await fit(sampled(2), { ...defaultCrewOptions, startHelper: awaited(startWorker) });
    expect(shared).toEqual(await fit(sampled(1)));
  });

  test("starts again on one thread when a worker takes work and does not answer", async () => {
    const warnings: string[] = [];
    const rounds: number[] = [];
    let roundsBefore = 0;
    const rescued = await fit(
      {
        ...options(2),
        onWarning: (message) => {
          warnings.push(message);
          roundsBefore = rounds.length;
        },
        onRound: ({ round }) => rounds.push(round),
      },
      { patience: 50, startHelper: awaited(startThief) },
    );
    expect(warnings).toEqual(["a worker does not answer: learning starts again on one thread"]);
    expect(roundsBefore).toBeGreaterThan(0);
    expect(rounds).toEqual([1, 2, 3, 4, 5, 6]);
    expect(rescued).toEqual(await fit(options(1)));
  });

  test("does without a worker that never comes", async () => {
    const warnings: string[] = [];
    const alone = await fit(
      { ...options(2), onWarning: (message) => warnings.push(message) },
      { patience: 50, startHelper: () => ({ stop: () => {} }) },
    );
    expect(warnings).toEqual([]);
    expect(alone).toEqual(await fit(options(1)));
  });
});
