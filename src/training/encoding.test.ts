import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { Customer, LabelledCustomer } from "../customer.ts";
import { type Dataset, openDataset } from "../data/ingest.ts";
import { writeSample } from "../data/sample.ts";
import type { LabelledTable } from "../data/table.ts";
import { createEncoder, encodeTable } from "../models/encoding.ts";
import type { FeatureEncoding } from "../models/manifest.ts";
import { binLabels, binOfCell, cellsOfTable, createBinner, type ReferenceProfile } from "../models/profile.ts";
import { classificationIntervals } from "../statistics/classification-intervals.ts";
import { createRandom } from "../statistics/random.ts";
import { temporaryFolder } from "../testing/service-process.ts";
import { fitEncoding } from "./encoding.ts";
import { profileReference, type ScoredTable } from "./reference.ts";

const folder = temporaryFolder();
let dataset: Dataset;
let train: LabelledTable;
let holdout: LabelledTable;
const customers: LabelledCustomer[] = [];

beforeAll(async () => {
  const file = join(folder.path, "sample.csv");
  writeSample(file, { rows: 12_000, seed: 3 }, () => {});
  dataset = await openDataset(file);
  [train, holdout] = [await dataset.read("train"), await dataset.read("holdout")];
  for await (const batch of dataset.replayCustomers(1e6)) customers.push(...batch);
});
afterAll(() => {
  dataset.close();
  folder.remove();
});

describe("the encoding of customers", () => {
  test("is the same in training, by column, and in serving, by customer", () => {
    const features = fitEncoding(train);
    const columns = encodeTable(features, holdout);
    const encode = createEncoder(features);
    const served = customers.map(({ customer }) => {
      const vector = new Float32Array(features.length);
      encode(customer, vector, 0);
      return vector.join();
    });
    const learned = Array.from({ length: holdout.rows }, (_, row) => columns.map((values) => values[row]).join());
    expect(served.sort()).toEqual(learned.sort());
  });

  test("ranks the levels of a category by their churn, rare and unseen ones together in between", () => {
    const features = fitEncoding(train);
    const region = features[0] as Extract<FeatureEncoding, { kind: "categorical" }>;
    const rows = train.categorical.region;
    const rateOf = (level: string): number => {
      const labels = [...train.churned].filter((_, row) => rows.levels[rows.codes[row] as number] === level);
      return labels.reduce((sum, label) => sum + label, 0) / labels.length;
    };
    expect(region.levels.length).toBeGreaterThan(8);
    expect(rateOf(region.levels.at(-1) as string)).toBeGreaterThan(rateOf(region.levels[0] as string));
    const vector = new Float32Array(features.length);
    const codeOf = (customer: Customer): number => {
      createEncoder(features)(customer, vector, 0);
      return vector[0] as number;
    };
    const codes = region.levels.map((level) => codeOf({ user_id: "a", region: level }));
    expect(codes).toEqual([...codes].sort((a, b) => a - b));
    expect(new Set([...codes, codeOf({ user_id: "a", region: "ATLANTIS" })]).size).toBe(codes.length + 1);
    expect(codeOf({ user_id: "a", region: "ATLANTIS" })).toBe(region.other);
    expect([codeOf({ user_id: "a" }), codeOf({ user_id: "a", region: " " })]).toEqual([Number.NaN, Number.NaN]);
  });
});

describe("the reference profile", () => {
  const probabilityOf = (row: number): number => ((row * 7919) % 1000) / 1000;
  let scored: ScoredTable;
  let profile: ReferenceProfile;
  beforeAll(async () => {
    scored = {
      table: holdout,
      probabilities: Float64Array.from({ length: holdout.rows }, (_, row) => probabilityOf(row)),
    };
    profile = await profileReference({
      train,
      reference: scored,
      holdout: scored,
      threshold: 0.5,
      random: createRandom(1),
      onWarning: () => {},
    });
  });

  test("counts its rows as the service counts the same customers", () => {
    const binner = createBinner(profile);
    const counts = profile.features.map((feature) => new Array<number>(feature.counts.length).fill(0));
    const strangers = profile.features.map(() => 0);
    for (const { customer } of customers) {
      const cells = binner.cells(customer, 0.5);
      profile.features.forEach((feature, f) => {
        const cell = cells[f] as number;
        const bin = binOfCell(feature, cell);
        (counts[f] as number[])[bin] = (counts[f]?.[bin] as number) + 1;
        if (cell >= feature.counts.length) strangers[f] = (strangers[f] as number) + 1;
      });
    }
    expect(counts).toEqual(profile.features.map((feature) => feature.counts));
    expect(strangers).toEqual(profile.features.map((feature) => feature.strangers));
    expect(strangers.some((count) => count > 0)).toBe(true);
    expect(profile.score.counts.reduce((sum, count) => sum + count)).toBe(holdout.rows);
  });

  test("has a name for every bin, none twice", () => {
    for (const feature of profile.features) {
      const labels = binLabels(feature);
      expect(labels).toHaveLength(feature.counts.length);
      expect(new Set(labels).size).toBe(labels.length);
    }
  });

  test("keeps the errors of every cell, and rows of its own as a sample", () => {
    const cells = cellsOfTable(profile.features, holdout);
    const binner = createBinner(profile);
    const width = profile.features.length;
    const ofTable = customers.map((_, row) => cells.subarray(row * width, (row + 1) * width).join());
    const ofCustomers = customers.map(({ customer }) => binner.cells(customer, 0.5).subarray(0, width).join());
    expect(ofTable.sort()).toEqual(ofCustomers.sort());
    const brier = scored.probabilities.reduce((sum, p, row) => sum + (p - (holdout.churned[row] as number)) ** 2, 0);
    for (const segment of profile.segments) {
      expect(segment.rows.reduce((sum, rows) => sum + rows)).toBe(holdout.rows);
      expect(segment.squaredErrors.reduce((sum, error) => sum + error)).toBeCloseTo(brier, 8);
    }
    const sample = new Uint8Array(Buffer.from(profile.sample.cells, "base64"));
    expect(sample).toHaveLength(profile.sample.rows * width);
    const known = new Set(ofTable);
    for (let row = 0; row < profile.sample.rows; row++)
      expect(known).toContain(sample.subarray(row * width, (row + 1) * width).join());
  });

  test("notes the tails of every number, and how metrics spread over windows", () => {
    for (const feature of profile.features) {
      if (feature.kind !== "numeric") continue;
      const values = Array.from(holdout.numeric[feature.name]).filter((value) => !Number.isNaN(value));
      const { low, high } = feature.tails as { low: number; high: number };
      expect(values.filter((value) => value < low).length).toBeLessThanOrEqual(0.001 * values.length);
      expect(values.filter((value) => value > high).length).toBeLessThanOrEqual(0.001 * values.length);
      expect(values.filter((value) => value <= low).length).toBeGreaterThanOrEqual(0.001 * values.length);
    }
    const { accuracy, roc_auc } = classificationIntervals(scored.probabilities, holdout.churned, 0.5);
    for (const { rows, windows, metrics } of profile.windows ?? []) {
      for (const [spread, { value, standardError }] of [
        [metrics.accuracy, accuracy],
        [metrics.roc_auc, roc_auc],
      ] as const) {
        const usual = standardError * Math.sqrt(holdout.rows / rows);
        expect(Math.abs((spread?.mean as number) - value)).toBeLessThan((4 * usual) / Math.sqrt(windows));
        expect((spread?.standardDeviation as number) / usual).toBeGreaterThan(0.7);
        expect((spread?.standardDeviation as number) / usual).toBeLessThan(1.3);
        expect(spread?.low as number).toBeLessThan(value);
        expect(spread?.high as number).toBeGreaterThan(value);
      }
    }
    expect(profile.windows?.map(({ rows }) => rows)).toContain(2000);
  });

  test("marks what training never saw, below, above and unknown", () => {
    const binner = createBinner(profile);
    const cellOf = (name: string, customer: Partial<Customer>): [cell: number, bins: number] => {
      const f = profile.features.findIndex((feature) => feature.name === name);
      return [
        binner.cells({ user_id: "a", ...customer }, 0.5)[f] as number,
        profile.features[f]?.counts.length as number,
      ];
    };
    const [below, bins] = cellOf("montant", { montant: 1 });
    expect([below, cellOf("montant", { montant: 1e9 })[0]]).toEqual([bins, bins + 1]);
    expect(cellOf("montant", {})[0]).toBe(0);
    const [unknown, levels] = cellOf("region", { region: "ATLANTIS" });
    expect(unknown).toBe(levels);
  });
});
