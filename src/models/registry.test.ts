import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodeModel } from "../onnx/writer.ts";
import { openStores } from "../storage/stores.ts";
import { temporaryFolder } from "../testing/service-process.ts";
import { type Manifest, manifestFormat, type Performance, performanceMetrics } from "./manifest.ts";
import { createRegistry, type Registry } from "./registry.ts";

const folder = temporaryFolder();
let directory: string;
let registry: Registry;
let time = 1_700_000_000_000;
const closing: (() => void)[] = [];

// Without trees the base score says it all.
const onnx = encodeModel({
  trees: { featureNames: ["regularity"], baseScore: 1, trees: [] },
  calibration: { slope: 1, intercept: 0 },
  metadata: {},
});

function makeManifest(version: string): Manifest {
  const figure = { value: 0.5, lower: 0.4, upper: 0.6, standardError: 0.05 };
  const performance: Performance = {
    rows: 2,
    classes: [1, 1],
    metrics: Object.fromEntries(performanceMetrics.map((metric) => [metric, figure])) as Performance["metrics"],
    confusion: { truePositives: 1, falsePositives: 0, trueNegatives: 1, falseNegatives: 0 },
  };
  return {
    format: manifestFormat,
    version,
    trainedAt: time,
    durationSeconds: 1,
    learner: { name: "constant", parameters: {}, trees: 0 },
    data: { file: "none", rows: 6, splits: { train: 2, validation: 2, holdout: 2 }, warnings: [] },
    features: [{ name: "regularity", kind: "numeric" }],
    calibration: { slope: 1, intercept: 0 },
    threshold: 0.5,
    importance: { regularity: 0 },
    performance: { train: performance, validation: performance, holdout: performance },
    estimated: Object.fromEntries(performanceMetrics.map((metric) => [metric, 0.5])) as Manifest["estimated"],
    parity: { rows: 2, maximumDifference: 0 },
    reference: {
      rows: 2,
      features: [],
      score: { edges: [], counts: [2] },
      calibration: [],
      nulls: [],
      segments: [],
      sample: { rows: 0, cells: "" },
    },
    onnx: { file: "model.onnx", sha256: createHash("sha256").update(onnx).digest("hex"), bytes: onnx.length },
  };
}

function add(version: string): void {
  time += 1000;
  registry.add(makeManifest(version), { "model.onnx": onnx });
}

let made = 0;
beforeEach(() => {
  const own = join(folder.path, String(++made));
  directory = join(own, "models");
  const stores = openStores(join(own, "service.db"));
  closing.push(stores.close);
  registry = createRegistry({ directory, store: stores.models, now: () => time });
});
afterAll(() => {
  for (const close of closing) close();
  folder.remove();
});

describe("the registry", () => {
  test("gives back what was added, ready to score", async () => {
    add("a");
    const { manifest, session } = await registry.load("a");
    const [probability] = await session.score(Float32Array.of(30), 1);
    await session.release();
    expect(manifest).toEqual(makeManifest("a"));
    expect(probability).toBeCloseTo(1 / (1 + Math.exp(-1)), 6);
  });

  test("reads a manifest with more in it than this program knows", () => {
    const manifest = makeManifest("a");
    const later = { ...manifest, invented: 1, reference: { ...manifest.reference, invented: [1] } };
    registry.add(later, { "model.onnx": onnx });
    expect(registry.readManifest("a")).toEqual(manifest);
  });

  test("loads a model without trees, which explains nothing", async () => {
    add("a");
    const { session, explanations } = await registry.load("a");
    await session.release();
    expect(explanations).toThrow("model a has no trees");
    expect(() => registry.readExplanations("a")).toThrow("model a has no trees");
  });

  test("serves what it was told to, and goes back", async () => {
    for (const version of ["a", "b"]) add(version);
    expect(registry.currentUse()).toBeNull();
    await registry.use("a");
    await registry.use("b");
    await registry.use("b");
    expect(registry.currentUse()?.version).toBe("b");
    expect(await registry.rollback()).toBe("a");
    expect(registry.currentUse()?.version).toBe("a");
    await expect(registry.rollback()).rejects.toMatchObject({ code: "conflict" });
  });

  test("lists the newest first", () => {
    for (const version of ["b", "c", "a"]) add(version);
    expect(registry.list().map(({ version }) => version)).toEqual(["a", "c", "b"]);
  });

  test("never names two versions alike, not even when the folder of one is gone", () => {
    const name = registry.newVersion(Date.UTC(2026, 0, 2, 3, 4, 5));
    expect(name).toBe("20260102T030405");
    add(name);
    rmSync(join(directory, name), { recursive: true });
    expect(registry.newVersion(Date.UTC(2026, 0, 2, 3, 4, 5))).toBe(`${name}-2`);
  });

  test("knows no version that was not wholly added", () => {
    expect(() => registry.add(makeManifest("a"), { "no-such-folder/model.onnx": onnx })).toThrow();
    expect(registry.list()).toEqual([]);
    expect(existsSync(join(directory, "a"))).toBe(false);
    add("a");
    expect(readdirSync(directory)).toEqual(["a"]);
  });

  test.each<[string, () => void, string]>([
    ["a damaged model", () => writeFileSync(join(directory, "b", "model.onnx"), "damaged"), "checksum"],
    ["an absent model", () => rmSync(join(directory, "b", "model.onnx")), "cannot read"],
    ["an absent manifest", () => rmSync(join(directory, "b", "manifest.json")), "cannot read"],
    ["half a manifest", () => writeFileSync(join(directory, "b", "manifest.json"), '{"format":'), "cannot read"],
    [
      "a manifest of another format",
      () => writeFileSync(join(directory, "b", "manifest.json"), '{"format":99}'),
      "format 99",
    ],
    [
      "a manifest that lacks something",
      () =>
        writeFileSync(
          join(directory, "b", "manifest.json"),
          JSON.stringify({ ...makeManifest("b"), threshold: undefined }),
        ),
      "bad manifest at threshold",
    ],
  ])("does not begin to serve %s, and says what to do", async (_, harm, message) => {
    for (const version of ["a", "b"]) add(version);
    await registry.use("a");
    harm();
    await expect(registry.use("b")).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringMatching(new RegExp(`${message}.*model:rollback`)),
    });
    expect(registry.currentUse()?.version).toBe("a");
  });

  test("does not go back to a version that no longer loads", async () => {
    for (const version of ["a", "b"]) add(version);
    await registry.use("a");
    await registry.use("b");
    rmSync(join(directory, "a"), { recursive: true });
    await expect(registry.rollback()).rejects.toMatchObject({ code: "unavailable" });
    expect(registry.currentUse()?.version).toBe("b");
  });

  test("does not know an unknown version", async () => {
    await expect(registry.use("nothing")).rejects.toMatchObject({ code: "not_found" });
    expect(() => registry.readManifest("nothing")).toThrow("there is no model version nothing");
  });
});
