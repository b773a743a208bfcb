import { describe, expect, test } from "bun:test";
import { createRandom } from "../statistics/random.ts";
import { type FitOptions, fit, type Round } from "./boosting.ts";
import { gainImportance } from "./importance.ts";
import type { BoostedTrees } from "./model.ts";
import { defaultParameters, type LearnerParameters } from "./parameters.ts";
import { rawScores } from "./predict.ts";
import type { LabelledRows } from "./rows.ts";

const names = ["integer", "amount", "gap", "noise"];

/** Four columns: a few integers, log-normal amounts, a column whose missingness tells, noise. */
function makeRows(rows: number, seed: number): LabelledRows {
  const random = createRandom(seed);
  const features = names.map(() => new Float32Array(rows));
  const labels = new Uint8Array(rows);
  for (let i = 0; i < rows; i++) {
    const integer = random.integer(6);
    const amount = Math.exp(random.normal());
    const isGap = random.uniform() < 0.4;
    const odds = (integer >= 3 ? 1.5 : -1) + (isGap ? 2 : -1) + (amount > 1 ? 0.8 : 0);
    for (const [f, value] of [integer, amount, isGap ? Number.NaN : 7, random.normal()].entries()) {
      (features[f] as Float32Array)[i] = value;
    }
    labels[i] = random.uniform() < 1 / (1 + Math.exp(-odds)) ? 1 : 0;
  }
  return { features, labels };
}

const quick: LearnerParameters = { ...defaultParameters, rounds: 20, maxLeaves: 8, earlyStoppingRounds: 0 };
const learn = (train: LabelledRows, options: Partial<FitOptions> = {}) =>
  fit({ featureNames: names, train, validation: null, parameters: quick, ...options });

const column = (...values: number[]): Float32Array => Float32Array.from(values);
function lossOf(model: BoostedTrees, { features, labels }: LabelledRows): number {
  const scores = rawScores(model, features);
  const loss = scores.reduce(
    (sum, s, i) => sum + Math.log1p(Math.exp(-Math.abs(s))) + Math.max(s, 0) - (labels[i] as number) * s,
    0,
  );
  return loss / scores.length;
}

const failure = (work: Promise<unknown>): Promise<{ code?: string; message: string }> =>
  work.then(
    () => ({ message: "no error" }),
    (error) => error,
  );

describe("fit", () => {
  const train = makeRows(4000, 3);

  test("reproduces in serving, on the values, the scores that it trained on, in bins", async () => {
    const { model, history } = await learn(train);
    expect(lossOf(model, train)).toBeCloseTo(history.at(-1)?.trainLoss as number, 12);
  });

  test("walks awkward values down its trees to exactly the scores that it trained on in bins", async () => {
    const random = createRandom(9);
    const awkward = [
      () => random.normal(),
      () => (random.uniform() < 0.5 ? Number.NaN : 1),
      () => [0, -0, 1e-45, 3.4028234663852886e38, Number.NaN][random.integer(5)] as number,
      () => Math.fround(1 + random.integer(3) * 2 ** -23),
      () => random.integer(600),
      () => -Math.exp(20 * random.normal()),
      () => (random.uniform() < 0.5 ? -3.4028234663852886e38 : 3.4028234663852886e38),
    ].map((draw) => Float32Array.from(train.labels, draw));
    const rows = { features: awkward, labels: train.labels };
    for (const share of [{}, { baggingFraction: 0.5, featureFraction: 0.5 }]) {
      const { model, history } = await learn(rows, {
        featureNames: awkward.map((_, f) => `x${f}`),
        validation: rows,
        parameters: { ...quick, maxLeaves: 40, minChildWeight: 0, ...share },
      });
      for (const { trainLoss, validationLoss } of history) expect(validationLoss).toBe(trainLoss);
      expect(lossOf(model, rows)).toBeCloseTo(history.at(-1)?.trainLoss as number, 12);
      expect(new Set(model.trees.flatMap((tree) => [...tree.feature])).size).toBe(1 + awkward.length);
    }
  });

  test("gives the same model for the same seed where it samples, and another for another", async () => {
    const sampled = { ...quick, baggingFraction: 0.5, featureFraction: 0.5 };
    const [first, again] = [await learn(train, { parameters: sampled }), await learn(train, { parameters: sampled })];
    expect(again.model).toEqual(first.model);
    expect((await learn(train, { parameters: { ...sampled, seed: 2 } })).model).not.toEqual(first.model);
  });

  test("stays finite on rows that one split separates", async () => {
    const features = [Float32Array.from(train.labels)];
    const parameters = { ...quick, rounds: 200, learningRate: 1, lambda: 0, minChildWeight: 0 };
    const rows = { features, labels: train.labels };
    const { model, history } = await learn(rows, { featureNames: ["answer"], parameters });
    expect(rawScores(model, features).every(Number.isFinite)).toBe(true);
    expect(history.at(-1)?.trainLoss as number).toBeLessThan(1e-4);
  });

  test("counts what is missing on the side where it belongs, in and out of the bag and in validation", async () => {
    const random = createRandom(9);
    const make = (rows: number): LabelledRows => {
      const values = Float32Array.from({ length: rows }, () =>
        random.uniform() < 0.3 ? Number.NaN : random.integer(50),
      );
      // Missing is like the low values here.
      return {
        features: [values],
        labels: Uint8Array.from(values, (value) => (value >= 20 ? 1 : 0) ^ (random.integer(10) === 0 ? 1 : 0)),
      };
    };
    const [rows, others] = [make(4000), make(1000)];
    for (const baggingFraction of [1, 0.5]) {
      const parameters = { ...quick, rounds: 5, baggingFraction };
      const { model, history } = await learn(rows, { featureNames: ["x"], validation: others, parameters });
      expect([model.trees[0]?.threshold[0], model.trees[0]?.missingLeft[0]]).toEqual([19.5, 1]);
      expect(lossOf(model, rows)).toBeCloseTo(history.at(-1)?.trainLoss as number, 10);
      expect(lossOf(model, others)).toBeCloseTo(history.at(-1)?.validationLoss as number, 10);
    }
  });

  test("leaves no leaf lighter than it may be, and none split when nothing may be", async () => {
    const heavy = await learn(train, { parameters: { ...quick, rounds: 3, minChildWeight: 60 } });
    for (const { feature, cover } of heavy.model.trees) {
      // A row weighs a quarter at most.
      for (const [node, rows] of cover.entries()) if (feature[node] === -1) expect(rows).toBeGreaterThanOrEqual(240);
    }
    const { model } = await learn(train, { parameters: { ...quick, rounds: 3, minChildWeight: 1e9 } });
    expect(model.trees.map(({ feature }) => [...feature])).toEqual([[-1], [-1], [-1]]);
    expect(Object.values(gainImportance(model))).toEqual([0, 0, 0, 0]);
  });

  test("is the same for weights, penalty and least weight 1024 times as large", async () => {
    const random = createRandom(6);
    const weights = Float32Array.from(train.labels, () => random.integer(100) / 4);
    const one = await learn({ ...train, weights });
    const other = await learn(
      { ...train, weights: weights.map((weight) => 1024 * weight) },
      { parameters: { ...quick, lambda: 1024 * quick.lambda, minChildWeight: 1024 * quick.minChildWeight } },
    );
    expect(other.model.trees.map(({ value }) => value)).toEqual(one.model.trees.map(({ value }) => value));
  });

  test("lowers the training loss with every round", async () => {
    const { history } = await learn(train);
    for (const [i, { trainLoss }] of history.entries())
      if (i > 0) expect(trainLoss).toBeLessThan(history[i - 1]?.trainLoss as number);
  });

  test("learns from missingness alone", async () => {
    const gap = train.features[2] as Float32Array;
    const { model } = await learn({ features: [gap], labels: train.labels }, { featureNames: ["gap"] });
    const [present, missing] = rawScores(model, [column(7, Number.NaN)]);
    expect((missing as number) - (present as number)).toBeGreaterThan(1.5);
  });

  test("gives the same model again, and another with another order of columns only in its numbering", async () => {
    const [first, second] = [await learn(train), await learn(train)];
    expect(first.model).toEqual(second.model);
    const order = [2, 0, 3, 1];
    const permuted = { features: order.map((f) => train.features[f] as Float32Array), labels: train.labels };
    const other = await learn(permuted, { featureNames: order.map((f) => names[f] as string) });
    expect(rawScores(other.model, permuted.features)).toEqual(rawScores(first.model, train.features));
  });

  test("is hardly changed by giving every row twice", async () => {
    const twice = {
      features: train.features.map((c) => Float32Array.from([...c, ...c])),
      labels: Uint8Array.from([...train.labels, ...train.labels]),
    };
    const halved = { ...quick, minChildWeight: 2 * quick.minChildWeight, lambda: 2 * quick.lambda };
    const [one, two] = [await learn(train), await learn(twice, { parameters: halved })];
    const [a, b] = [rawScores(one.model, train.features), rawScores(two.model, train.features)];
    expect(Math.max(...a.map((score, i) => Math.abs(score - (b[i] as number))))).toBeLessThan(1e-4);
  });

  test("takes a weight of 3 as the row three times over", async () => {
    const random = createRandom(12);
    const integers = {
      features: [0, 1].map(() => Float32Array.from(train.labels, () => random.integer(40))),
      labels: train.labels,
    };
    const weights = Float32Array.from(train.labels, () => 1 + 2 * random.integer(2));
    const repeated = Array.from(weights).flatMap((weight, row) => new Array<number>(weight).fill(row));
    const repeatedRows = {
      features: integers.features.map((values) => Float32Array.from(repeated, (row) => values[row] as number)),
      labels: Uint8Array.from(repeated, (row) => train.labels[row] as number),
    };
    const featureNames = ["x", "y"];
    const [weighted, plain] = [
      await learn({ ...integers, weights }, { featureNames }),
      await learn(repeatedRows, { featureNames }),
    ];
    const [a, b] = [weighted, plain].map(({ model }) => rawScores(model, integers.features)) as [
      Float64Array,
      Float64Array,
    ];
    expect(Math.max(...a.map((score, i) => Math.abs(score - (b[i] as number))))).toBeLessThan(2e-3);
    expect(weighted.history.at(-1)?.trainLoss).toBeCloseTo(plain.history.at(-1)?.trainLoss as number, 4);
    const unweighted = await learn(integers, { featureNames });
    expect(unweighted.model.baseScore).not.toBe(weighted.model.baseScore);
  });

  test("does not look at rows of weight 0", async () => {
    const half = train.labels.length / 2;
    const flipped = { ...train, labels: train.labels.map((label, row) => (row < half ? label : 1 - label)) };
    const weights = Float32Array.from(train.labels, (_, row) => (row < half ? 1 : 0));
    const [as, bs] = [await learn({ ...train, weights }), await learn({ ...flipped, weights })];
    expect(as.model.trees.map(({ value }) => value)).toEqual(bs.model.trees.map(({ value }) => value));
  });

  test("finds the step of an integer column at the right cut", async () => {
    const values = Float32Array.from({ length: 3000 }, (_, row) => row % 30);
    const labels = Uint8Array.from(values, (value, row) => (value >= 17 ? 1 : 0) ^ (row % 10 === 0 ? 1 : 0));
    const { model } = await learn({ features: [values], labels }, { featureNames: ["days"] });
    expect(model.trees[0]?.threshold[0]).toBe(16.5);
  });

  test("parts missing from everything else when nothing else tells", async () => {
    const values = Float32Array.from({ length: 1000 }, (_, row) => (row % 2 === 0 ? 4 : Number.NaN));
    const labels = Uint8Array.from(values, (value, row) => (Number.isNaN(value) ? 1 : 0) ^ (row % 7 === 0 ? 1 : 0));
    const { model } = await learn({ features: [values], labels }, { featureNames: ["x"] });
    const { feature, missingLeft } = model.trees[0] as (typeof model.trees)[number];
    expect([feature[0], missingLeft[0], feature.length]).toEqual([0, 0, 3]);
    const [low, high, missing] = rawScores(model, [column(-3e38, 3e38, Number.NaN)]);
    expect(low).toBe(high as number);
    expect((missing as number) - (low as number)).toBeGreaterThan(1);
  });

  test("takes no notice of columns that tell nothing: a constant, all missing", async () => {
    const blank = train.labels.length;
    const idle = [new Float32Array(blank).fill(4), new Float32Array(blank).fill(Number.NaN)];
    const features = [...idle, ...train.features];
    const { model } = await learn(
      { features, labels: train.labels },
      { featureNames: ["constant", "nothing", ...names] },
    );
    const plain = (await learn(train)).model;
    const renumbered = plain.trees.map((tree) => ({
      ...tree,
      feature: tree.feature.map((f) => (f < 0 ? f : f + idle.length)),
    }));
    expect(model.trees).toEqual(renumbered);
  });

  test("learns more than 255 values of a column: the steps lie at its cuts, whatever lies between", async () => {
    const random = createRandom(31);
    const values = Float32Array.from({ length: 20_000 }, () => random.integer(5000));
    const labels = Uint8Array.from(values, (value) =>
      random.uniform() < (value < 1250 || value >= 3750 ? 0.9 : 0.1) ? 1 : 0,
    );
    const parameters = { ...quick, learningRate: 0.5 };
    const { model } = await learn({ features: [values], labels }, { featureNames: ["x"], parameters });
    const scores = rawScores(model, [column(0, 1200, 1300, 3700, 3800, 4999)]);
    expect([...scores].map((score) => score > 0)).toEqual([true, true, false, false, true, true]);
  });

  test("gives the rate of the classes when every leaf would be too light: two rows", async () => {
    const pair = { features: [column(1, 2)], labels: Uint8Array.of(0, 1) };
    const { model } = await learn(pair, { featureNames: ["x"] });
    expect([...rawScores(model, [column(1, 2, Number.NaN)])]).toEqual([0, 0, 0]);
  });

  test("tells of every round when it has ended, in order", async () => {
    const told: Round[] = [];
    const { history } = await learn(train, { onRound: (round) => told.push(round) });
    expect(told).toEqual(history);
    expect(told.map(({ round }) => round)).toEqual(Array.from({ length: quick.rounds }, (_, i) => i + 1));
  });

  test("stops early and keeps the best rounds", async () => {
    const parameters = { ...quick, rounds: 200, learningRate: 0.5, earlyStoppingRounds: 5 };
    const { model, history, bestRound } = await learn(train, { validation: makeRows(1000, 4), parameters });
    const full = await learn(train, { parameters: { ...parameters, rounds: bestRound, earlyStoppingRounds: 0 } });
    const best = history.reduce((least, round) => (round.validationLoss < least.validationLoss ? round : least));
    expect(history.length).toBe(best.round + 5);
    expect(bestRound).toBe(best.round);
    expect(model).toEqual(full.model);
  });

  test.each([0, 5])(
    "gives the scores of the model that it keeps, early stopping after %d",
    async (earlyStoppingRounds) => {
      const [train, validation] = [makeRows(3000, 21), makeRows(1000, 22)];
      const parameters = { ...quick, rounds: 60, learningRate: 0.2, baggingFraction: 0.7, earlyStoppingRounds };
      const { model, scores } = await learn(train, { validation, parameters });
      expect(model.trees.length < parameters.rounds).toBe(earlyStoppingRounds > 0);
      expect(model.trees.length).toBeGreaterThan(20);
      expect(scores.train).toEqual(rawScores(model, train.features));
      expect(scores.validation).toEqual(rawScores(model, validation.features));
    },
  );

  test("works with samples of rows and columns", async () => {
    const { model, history } = await learn(train, {
      parameters: { ...quick, baggingFraction: 0.5, featureFraction: 0.5 },
    });
    expect(model.trees.length).toBe(20);
    expect(history.at(-1)?.trainLoss as number).toBeLessThan(history[0]?.trainLoss as number);
  });

  test("finds the features that matter", async () => {
    const importance = gainImportance((await learn(train)).model);
    expect(importance.noise as number).toBeLessThan(0.1);
    expect(importance.gap as number).toBeGreaterThan(importance.amount as number);
    expect(Object.values(importance).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 10);
  });

  test("is stopped by its signal", async () => {
    const abort = new AbortController();
    const stopped = await failure(
      learn(train, { signal: abort.signal, onRound: ({ round }) => round === 3 && abort.abort() }),
    );
    expect([stopped.code, stopped.message]).toEqual(["cancelled", expect.stringContaining("after 3 rounds")]);
  });

  test.each<[string, LabelledRows, Partial<FitOptions>, string]>([
    ["one class", { features: [column(1, 2)], labels: Uint8Array.of(1, 1) }, { featureNames: ["x"] }, "needs both"],
    ["one row", { features: [column(1)], labels: Uint8Array.of(1) }, { featureNames: ["x"] }, "needs both"],
    ["no rows", { features: [column()], labels: new Uint8Array() }, { featureNames: ["x"] }, "no rows"],
    [
      "no validation rows",
      train,
      { validation: { features: names.map(() => column()), labels: new Uint8Array() } },
      "validation needs some",
    ],
    [
      "an infinite value",
      { features: [column(1, 2, Number.POSITIVE_INFINITY)], labels: Uint8Array.of(0, 1, 1) },
      { featureNames: ["x"] },
      "column x of the training rows is infinite in row 2",
    ],
    [
      "a negative weight",
      { features: [column(1, 2)], labels: Uint8Array.of(0, 1), weights: column(1, -1) },
      { featureNames: ["x"] },
      "weight 1",
    ],
    [
      "a class without weight",
      { features: [column(1, 2)], labels: Uint8Array.of(0, 1), weights: column(1, 0) },
      { featureNames: ["x"] },
      "needs both",
    ],
    ["more memory than allowed", train, { memoryLimit: 100_000 }, "may take 1 MB"],
    ["a short column", { features: [column(1)], labels: Uint8Array.of(0, 1) }, { featureNames: ["x"] }, "column x"],
    ["a missing column", { features: [], labels: Uint8Array.of(0, 1) }, { featureNames: ["x"] }, "0 columns for 1"],
    [
      "nothing to tell rows apart",
      { features: [column(1, 1)], labels: Uint8Array.of(0, 1) },
      { featureNames: ["x"] },
      "nothing to learn",
    ],
    [
      "a label that is not 0 or 1",
      { features: [column(1, 2)], labels: Uint8Array.of(0, 2) },
      { featureNames: ["x"] },
      "labels are 0 or 1",
    ],
  ])("refuses %s", async (_, rows, options, message) => {
    const refused = await failure(learn(rows, options));
    expect([refused.code, refused.message]).toEqual([
      expect.stringContaining("invalid"),
      expect.stringContaining(message),
    ]);
  });

  test.each<[keyof LearnerParameters, number]>([
    ["rounds", 0],
    ["learningRate", 0],
    ["maxLeaves", 1],
    ["minChildWeight", -1],
    ["lambda", Number.NaN],
    ["maxBins", 257],
    ["featureFraction", 0],
    ["baggingFraction", 1.5],
    ["earlyStoppingRounds", 0.5],
    ["seed", 0.1],
  ])("refuses %s = %p", async (name, value) => {
    const refused = await failure(learn(train, { parameters: { ...quick, [name]: value } }));
    expect([refused.code, refused.message]).toEqual(["invalid_input", expect.stringContaining(`${name} must be`)]);
  });
});
