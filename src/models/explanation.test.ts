import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { generate } from "../data/synthetic.ts";
import type { Tree } from "../learner/model.ts";
import { openStores } from "../storage/stores.ts";
import { temporaryFolder, trainSmallModel } from "../testing/service-process.ts";
import { createExplanations } from "./explanation.ts";
import type { FeatureEncoding } from "./manifest.ts";
import { createRegistry, type Registry } from "./registry.ts";
import { createServing } from "./serving.ts";
import { treesFile } from "./trees-file.ts";

const folder = temporaryFolder();
let registry: Registry;
let version: string;
let file: string;
let close: () => void;

beforeAll(async () => {
  await trainSmallModel(folder.path);
  const stores = openStores(join(folder.path, "service.db"));
  close = stores.close;
  registry = createRegistry({ directory: join(folder.path, "models"), store: stores.models, now: () => 0 });
  version = registry.currentUse()?.version as string;
  file = join(folder.path, "models", version, treesFile);
}, 60_000);
afterAll(() => {
  close();
  folder.remove();
});

describe("explanations", () => {
  test("add up to the log-odds of the probability that is served", async () => {
    const model = await registry.load(version);
    const { explain } = model.explanations();
    const features = new Float32Array(model.manifest.features.length);
    for (const { customer } of generate({ rows: 200, seed: 9 })) {
      model.encode(customer, features, 0);
      const [probability] = await model.session.score(features, 1);
      const { base, contributions, raw_score, reasons } = explain(customer);
      const sum = Object.values(contributions).reduce((total, value) => total + value, base);
      expect(sum).toBeCloseTo(raw_score, 9);
      expect(Math.abs(1 / (1 + Math.exp(-raw_score)) - (probability as number))).toBeLessThan(1e-6);
      expect(reasons.length).toBeLessThanOrEqual(3);
    }
    await model.session.release();
  });

  test("contribute to other customers what the manifest says is usual", async () => {
    const { manifest, session, explanations } = await registry.load(version);
    await session.release();
    const { contributionsOf } = explanations();
    const rows = 1500;
    const sums = new Float64Array(manifest.features.length);
    for (const { customer } of generate({ rows, seed: 10 }))
      contributionsOf(customer).forEach((value, f) => {
        sums[f] = (sums[f] as number) + Math.abs(value);
      });
    const { attribution } = manifest;
    expect(Object.keys(attribution?.features ?? {})).toEqual(manifest.features.map(({ name }) => name));
    manifest.features.forEach(({ name }, f) => {
      const usual = attribution?.features[name] ?? {
        mean: Number.NaN,
        standardDeviation: Number.NaN,
        skewness: Number.NaN,
      };
      const error = usual.standardDeviation * Math.sqrt(1 / rows + 1 / (attribution?.rows ?? Number.NaN));
      expect(Math.abs((sums[f] as number) / rows - usual.mean)).toBeLessThanOrEqual(5 * error);
    });
    expect(attribution?.features.regularity?.mean).toBeGreaterThan(0.1);
  });

  test("say in words what counts most, what is not known too", () => {
    const features: FeatureEncoding[] = [
      { name: "region", kind: "categorical", levels: ["DAKAR"], other: 1 },
      { name: "regularity", kind: "numeric" },
      { name: "montant", kind: "numeric" },
      { name: "orange", kind: "numeric" },
      { name: "tigo", kind: "numeric" },
    ];
    // Half of the rows are above 5 or missing.
    const stump = (feature: number, effect: number): Tree => ({
      feature: Int32Array.of(feature, -1, -1),
      threshold: Float32Array.of(5, 0, 0),
      missingLeft: new Uint8Array(3),
      left: Int32Array.of(1, 0, 0),
      right: Int32Array.of(2, 0, 0),
      value: Float32Array.of(0, -effect, effect),
      gain: new Float32Array(3),
      cover: Float64Array.of(10, 5, 5),
    });
    const trees = [stump(0, 2), stump(1, 1), stump(2, 0.5), stump(3, 0.25), stump(4, 0.01)];
    const { explain } = createExplanations(
      { features, calibration: { slope: 2, intercept: 0.5 } },
      { featureNames: features.map(({ name }) => name), baseScore: -1, trees },
    );
    expect(explain({ user_id: "a", region: " ", regularity: 0, montant: 12.5, orange: 1, tigo: 9 })).toEqual({
      base: -1.5,
      contributions: { region: 4, regularity: -2, montant: 1, orange: -0.5, tigo: expect.closeTo(0.02, 6) },
      raw_score: expect.closeTo(1.02, 6),
      reasons: [
        "region is not known: raises the risk",
        "number of active days (regularity) is 0: lowers the risk",
        "top-up amount (montant) is 12.5: raises the risk",
      ],
    });
    const single = createExplanations(
      { features, calibration: { slope: 1, intercept: 0 } },
      { featureNames: features.map(({ name }) => name), baseScore: 0, trees: [stump(0, 1), stump(4, 0.01)] },
    );
    expect(single.explain({ user_id: "a", region: "DAKAR" }).reasons).toEqual(["region is DAKAR: lowers the risk"]);
  });

  test("of a version that serves no more are those of its own trees and calibration", async () => {
    const serving = createServing({
      registry,
      predictor: { load: async () => {}, release: async () => {} },
      onChange: () => {},
    });
    await serving.follow();
    const customer = { user_id: "a", regularity: 2 };
    const first = serving.explanations().explain(customer);
    const { manifest } = serving.model;
    const { slope, intercept } = manifest.calibration;
    const folderOfFirst = join(folder.path, "models", version);
    registry.add(
      { ...manifest, version: "later", calibration: { slope: 2 * slope, intercept } },
      { [manifest.onnx.file]: readFileSync(join(folderOfFirst, manifest.onnx.file)), [treesFile]: readFileSync(file) },
    );
    await registry.use("later");
    await serving.follow();
    expect(serving.explanations("later")).toBe(serving.explanations());
    expect(serving.explanations("later").explain(customer)).not.toEqual(first);
    expect(serving.explanations(version).explain(customer)).toEqual(first);
  });

  test("are not there when the trees are damaged or gone; the model serves all the same", async () => {
    const whole = readFileSync(file);
    for (const [damage, reason] of [
      [() => writeFileSync(file, whole.subarray(0, 100)), "damaged"],
      [() => rmSync(file), "cannot read"],
    ] as const) {
      damage();
      const model = await registry.load(version);
      expect(() => model.explanations()).toThrow(reason);
      await model.session.release();
      writeFileSync(file, whole);
    }
  });
});
