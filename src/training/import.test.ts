import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { exampleCustomer } from "../customer.ts";
import { manifestSchema } from "../models/manifest.ts";
import { poll, runCommandFile, startProcess, temporaryFolder, trainSmallModel } from "../testing/service-process.ts";

const folder = temporaryFolder();
const DATA_DIR = join(folder.path, "data");
const made = join(import.meta.dir, "imported");
const told = join(folder.path, "manifest.json");
const xgboost = join(made, "xgboost.onnx");
const models = join(DATA_DIR, "models");
const versions = () => (existsSync(models) ? readdirSync(models) : []);
const runImport = (options: string[], environment: Record<string, string> = {}) =>
  runCommandFile("training/import.ts", options, { DATA_DIR, ...environment });

beforeAll(async () => {
  await trainSmallModel(DATA_DIR);
  const { manifest } = JSON.parse(readFileSync(join(made, "xgboost.golden.json"), "utf8"));
  writeFileSync(told, JSON.stringify(manifest));
}, 60_000);
afterAll(() => folder.remove());

describe("bun run model:import", () => {
  test("registers a model that a running service then serves and monitors, and that explains nothing", async () => {
    const [own] = versions();
    const { code, stdout } = await runImport([xgboost, "--manifest", told]);
    expect(code).toBe(0);
    const version = stdout.match(/model:use (\S+)/)?.[1] as string;
    expect(stdout).toContain(
      "xgboost.onnx of OnnxMLTools reads montant, revenue, data_volume, on_net, regularity, region",
    );
    const manifest = manifestSchema.parse(JSON.parse(readFileSync(join(models, version, "manifest.json"), "utf8")));
    expect(manifest.imported).toMatchObject({ file: "xgboost.onnx", producer: "OnnxMLTools" });
    expect((await runCommandFile("models/command.ts", ["list"], { DATA_DIR })).stdout).toContain(`* ${own}`);

    const service = await startProcess({
      DATA_DIR,
      REPLAY_RATE: "400",
      FEEDBACK_DELAY: "1",
      MONITOR_EVERY: "1",
      LOG_LEVEL: "warn",
    });
    const ask = async (path: string, body?: unknown) => {
      const response = await fetch(`${service.url}${path}`, {
        ...(body !== undefined && {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(body),
        }),
      });
      return { status: response.status, body: await response.json() };
    };
    try {
      expect((await ask("/predict", exampleCustomer)).body.model_version).toBe(own);
      expect((await runCommandFile("models/command.ts", ["use", version], { DATA_DIR })).code).toBe(0);
      await poll(async () => (await ask("/predict", exampleCustomer)).body.model_version === version || undefined);

      const active = await ask("/predict", { user_id: "a", region: "DAKAR", regularity: 60, revenue: 9000 });
      const gone = await ask("/predict", { user_id: "b", regularity: 1 });
      expect([active.status, gone.status]).toEqual([200, 200]);
      expect(gone.body.probability).toBeGreaterThan(active.body.probability + 0.3);
      const explained = await ask("/predict?explain=true", exampleCustomer);
      expect([explained.status, explained.body.detail]).toEqual([
        503,
        expect.stringContaining("has no trees to explain"),
      ]);

      type Result = { monitor: string; metric: string; value: number | null; verdict: string };
      const results = await poll(async () => {
        const found = (await ask("/monitoring")).body.results as Result[];
        const auc = found.find(({ monitor, metric }) => monitor === "realized" && metric === "roc_auc");
        return auc?.value !== null && auc !== undefined ? found : undefined;
      });
      const monitors = new Set(results.map(({ monitor }) => monitor));
      for (const monitor of ["realized", "estimated", "prediction", "drift", "multivariate", "quality", "segment"])
        expect(monitors).toContain(monitor);
      expect(monitors).not.toContain("attribution");
      expect((await ask(`/models/${version}`)).body.imported.file).toBe("xgboost.onnx");
    } finally {
      await service.end("SIGTERM");
    }
    const scores = join(folder.path, "scores.csv");
    const sample = join(DATA_DIR, "raw/sample.csv");
    const scored = await runCommandFile("scoring/score.ts", [sample, "--out", scores, "--model", version], {
      DATA_DIR,
    });
    expect([scored.code, readFileSync(scores, "utf8").trim().split("\n").length]).toEqual([0, 4001]);
  }, 90_000);

  test("gives the same version twice, times apart", async () => {
    const read = (version: string) => {
      const {
        version: _,
        trainedAt,
        durationSeconds,
        onnx,
        ...rest
      } = JSON.parse(readFileSync(join(models, version, "manifest.json"), "utf8"));
      return rest;
    };
    const before = new Set(versions());
    for (let i = 0; i < 2; i++) expect((await runImport([xgboost, "--manifest", told])).code).toBe(0);
    const [first, second] = versions().filter((version) => !before.has(version));
    expect(read(second as string)).toEqual(read(first as string));
  }, 60_000);

  test.each<[string, () => string[], number, string]>([
    ["a file that is not there", () => ["nothing.onnx"], 66, "nothing.onnx cannot be read"],
    ["a file that is no ONNX", () => [told], 65, "manifest.json: it is no ONNX model"],
    ["a manifest that is none", () => [xgboost, "--manifest", xgboost], 65, "is no JSON"],
    ["columns that do not fit", () => [xgboost], 65, "6 columns, and 16 would be fed"],
    ["no file", () => [], 64, "missing required argument"],
  ])("keeps nothing of %s, and says why in one line", async (_, options, code, message) => {
    const before = versions();
    const finished = await runImport(options());
    expect([finished.code, finished.stderr]).toEqual([code, expect.stringContaining(message)]);
    expect(finished.stderr).not.toContain("    at ");
    expect(versions()).toEqual(before);
  });
});
