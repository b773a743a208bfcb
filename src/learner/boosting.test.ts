import { describe, expect, test } from "bun:test";
import { createRandom } from "../statistics/random.ts";
import { binFeature, missingCode } from "./binning.ts";
import { type FitOptions, fit, type LabelledRows } from "./boosting.ts";
import { gainImportance } from "./importance.ts";
import { defaultParameters, type LearnerParameters } from "./parameters.ts";
import { rawScores } from "./predict.ts";

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
const failure = (work: Promise<unknown>): Promise<{ code?: string; message: string }> =>
  work.then(
    () => ({ message: "no error" }),
    (error) => error,
  );

describe("binning", () => {
  test("gives every integer its own bin, cut half way", () => {
    expect([...binFeature(column(3, 1, 2, 2, 1, 3), 256).cuts]).toEqual([1.5, 2.5]);
  });

  test("never cuts between float32 neighbours so that both fall on one side", () => {
    const low = Math.fround(1);
    const high = Math.fround(1 + 2 ** -23);
    const { cuts, codes } = binFeature(column(low, high), 256);
    expect([...codes]).toEqual([0, 1]);
    expect(low <= (cuts[0] as number) && high > (cuts[0] as number)).toBe(true);
  });

  test("keeps within its bins for more values than bins, each bin about as full", () => {
    const random = createRandom(1);
    const values = Float32Array.from({ length: 50_000 }, () => Math.exp(2 * random.normal()));
    const feature = binFeature(values, 64);
    const counts = new Array<number>(64).fill(0);
    for (const code of feature.codes) counts[code] = (counts[code] as number) + 1;
    expect(feature.cuts.length).toBe(62);
    expect(Math.max(...counts)).toBeLessThan(2 * (50_000 / 63));
  });

  test("isolates a value that half of the rows have", () => {
    const random = createRandom(2);
    const values = Float32Array.from({ length: 10_000 }, (_, i) => (i % 2 === 0 ? 5 : 10 * random.uniform()));
    const { cuts } = binFeature(values, 32);
    expect(cuts.some((cut) => cut < 5 && cut > 4.5)).toBe(true);
    expect(cuts.some((cut) => cut >= 5 && cut < 5.5)).toBe(true);
  });

  test.each([
    ["all missing", column(Number.NaN, Number.NaN)],
    ["constant", column(4, 4, 4)],
  ])("makes no cut when %s", (_, values) => {
    expect(binFeature(values, 256).cuts.length).toBe(0);
  });

  test("gives missing a code of its own", () => {
    const feature = binFeature(column(1, Number.NaN, 2), 256);
    expect(feature.codes[1]).toBe(missingCode(feature));
  });
});

describe("fit", () => {
  const train = makeRows(4000, 3);

  test("reproduces in serving, on the values, the scores that it trained on, in bins", async () => {
    const { model, history } = await learn(train);
    const scores = rawScores(model, train.features);
    const loss = scores.reduce(
      (sum, s, i) => sum + Math.log1p(Math.exp(-Math.abs(s))) + Math.max(s, 0) - (train.labels[i] as number) * s,
      0,
    );
    expect(loss / scores.length).toBeCloseTo(history.at(-1)?.trainLoss as number, 12);
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

  test("stops early and keeps the best rounds", async () => {
    const parameters = { ...quick, rounds: 200, learningRate: 0.5, earlyStoppingRounds: 5 };
    const { model, history } = await learn(train, { validation: makeRows(1000, 4), parameters });
    const best = history.reduce((least, round) => (round.validationLoss < least.validationLoss ? round : least));
    expect(history.length).toBe(best.round + 5);
    expect(model.trees.length).toBe(best.round);
  });

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
    ["no rows", { features: [column()], labels: new Uint8Array() }, { featureNames: ["x"] }, "no rows"],
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
    ["parameters out of range", train, { parameters: { ...quick, maxLeaves: 1, learningRate: 0 } }, "maxLeaves"],
  ])("refuses %s", async (_, rows, options, message) => {
    const refused = await failure(learn(rows, options));
    expect([refused.code, refused.message]).toEqual([
      expect.stringContaining("invalid"),
      expect.stringContaining(message),
    ]);
  });
});
