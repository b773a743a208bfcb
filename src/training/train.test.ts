import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeSample } from "../data/sample.ts";
import { manifestSchema } from "../models/manifest.ts";
import { runCommandFile, temporaryFolder } from "../testing/service-process.ts";
import { pushWaiting } from "./push.ts";

const folder = temporaryFolder();
const sample = join(folder.path, "sample.csv");
const DATA_DIR = join(folder.path, "data");
const models = join(DATA_DIR, "models");
const train = (options: string[], environment: Record<string, string> = {}) =>
  runCommandFile("training/train.ts", options, { DATA_DIR, ...environment });

beforeAll(() => void writeSample(sample, { rows: 5000, seed: 1 }, () => {}));
afterAll(() => folder.remove());

describe("bun run train", () => {
  test("leaves a verified, registered, serving model, and shows its progress and quality", async () => {
    const { code, stdout, stderr } = await train(["--data", sample, "--rounds", "30"]);
    expect(code).toBe(0);
    expect(stderr).toMatch(/round 1\/30 {2}log loss 0\.\d+ train/);
    expect(stdout).toContain("roc_auc");
    const [version] = readdirSync(models);
    const folderOf = join(models, version as string);
    const manifest = manifestSchema.parse(JSON.parse(readFileSync(join(folderOf, "manifest.json"), "utf8")));
    expect(manifest.parity.maximumDifference).toBeLessThanOrEqual(1e-6);
    expect(manifest.data).toMatchObject({ file: "sample.csv", rows: 5000 });
    expect(manifest.performance.holdout.metrics.roc_auc?.value as number).toBeGreaterThan(0.85);
    for (const { counts } of manifest.reference.features)
      expect(counts.reduce((sum, count) => sum + count)).toBe(manifest.reference.rows);
    expect((await runCommandFile("models/command.ts", ["list"], { DATA_DIR })).stdout).toContain(`* ${version}`);
  }, 30_000);

  test("gives the same model for the same data and seed", async () => {
    await train(["--data", sample, "--rounds", "30", "--no-use"]);
    const [first, second] = readdirSync(models)
      .sort()
      .map((version) => JSON.parse(readFileSync(join(models, version, "manifest.json"), "utf8")));
    const comparable = ({ version, trainedAt, durationSeconds, onnx, ...rest }: Record<string, unknown>) => rest;
    expect(comparable(second)).toEqual(comparable(first));
    expect((await runCommandFile("models/command.ts", ["list"], { DATA_DIR })).stdout).toContain(`* ${first.version}`);
  }, 30_000);

  test("succeeds without a Pushgateway, and its metrics are pushed at the next chance, once", async () => {
    const { code, stderr } = await train(["--data", sample, "--rounds", "5"], {
      PUSHGATEWAY_URL: "http://127.0.0.1:9",
    });
    expect([code, stderr]).toEqual([0, expect.stringContaining("wait beside the model")]);
    const received: { method: string; path: string; body: string }[] = [];
    const gateway = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      async fetch(request) {
        received.push({ method: request.method, path: new URL(request.url).pathname, body: await request.text() });
        return new Response();
      },
    });
    const url = `http://127.0.0.1:${gateway.port}/`;
    const newest = readdirSync(models).sort().at(-1) as string;
    expect(await pushWaiting(url, models)).toBe(newest);
    expect(await pushWaiting(url, models)).toBeNull();
    await gateway.stop(true);
    expect(received).toHaveLength(1);
    expect(received[0]).toMatchObject({ method: "PUT", path: "/metrics/job/churn_train" });
    for (const name of [
      "samples",
      "performance",
      "feature_reference_ratio",
      "duration_seconds",
      "last_success_timestamp_seconds",
    ]) {
      expect(received[0]?.body).toContain(`churn_training_${name}{model_version="${newest}"`);
    }
  }, 30_000);

  test("compares with another version, and lets a significantly worse one serve only when forced", async () => {
    const serving = async () =>
      (await runCommandFile("models/command.ts", ["list"], { DATA_DIR })).stdout.match(/^\* (\S+)/m)?.[1] as string;
    await train(["--data", sample, "--rounds", "30"]);
    const good = await serving();
    const worse = ["--data", sample, "--rounds", "1", "--compare", good];
    const heldBack = await train(worse);
    expect([heldBack.code, heldBack.stderr]).toEqual([0, expect.stringContaining("significantly worse")]);
    expect(heldBack.stdout).toMatch(
      /less \S+ on the same [\d,]+ held-out customers[\s\S]*roc_auc +−[\s\S]*log_loss +\+/,
    );
    expect(await serving()).toBe(good);
    expect((await train([...worse, "--force"])).stdout).toContain("It serves from now on");
    const bad = await serving();
    expect(bad).not.toBe(good);
    expect((await train(["--data", sample, "--rounds", "30", "--compare", bad])).stdout).toContain(
      "It serves from now on",
    );
    expect(await serving()).not.toBe(bad);
  }, 90_000);

  test("does not begin to train when the version to compare with does not load", async () => {
    const before = readdirSync(models).sort();
    const file = join(models, before[0] as string, "model.onnx");
    const whole = readFileSync(file);
    writeFileSync(file, whole.subarray(0, whole.length / 2));
    const { code, stderr } = await train(["--data", sample, "--compare", before[0] as string]);
    writeFileSync(file, whole);
    expect([code, stderr]).toEqual([69, expect.stringMatching(/^error: model \S+ model.onnx is damaged/)]);
    expect(readdirSync(models).sort()).toEqual(before);
  }, 30_000);

  test.each<[string, string[], number, string]>([
    [
      "a version to compare with that is not there",
      ["--data", sample, "--compare", "none"],
      66,
      "no model version none",
    ],
    ["no data", [], 66, "bun run data:download"],
    ["a file that is not there", ["--data", "nothing.csv"], 66, "does not exist"],
    ["an unknown option", ["--rouns", "3"], 64, "unknown option"],
    ["an option out of range", ["--rounds", "0"], 64, "whole number from 1"],
  ])("ends with a clear line for %s", async (_, options, code, message) => {
    const finished = await train(options, { DATA_DIR: join(folder.path, "empty") });
    expect([finished.code, finished.stderr]).toEqual([code, expect.stringContaining(message)]);
    expect(finished.stderr).not.toContain("    at ");
  });

  test("explains itself", async () => {
    const { code, stdout } = await train(["--help"]);
    expect([code, stdout]).toEqual([0, expect.stringContaining("--rounds <n>")]);
  });

  test("leaves no model when it is interrupted", async () => {
    const own = join(folder.path, "interrupted");
    const child = Bun.spawn(
      [process.execPath, join(import.meta.dir, "train.ts"), "--data", sample, "--rounds", "100000", "--patience", "0"],
      {
        stdout: "ignore",
        stderr: "pipe",
        env: { PATH: process.env.PATH ?? "", DATA_DIR: own },
      },
    );
    let said = "";
    for await (const chunk of child.stderr) {
      said += new TextDecoder().decode(chunk);
      if (said.includes("round 1/") && !child.killed) child.kill("SIGINT");
    }
    expect(await child.exited).toBe(130);
    expect(said).toContain("error: stopped after");
    expect(existsSync(join(own, "models")) ? readdirSync(join(own, "models")) : []).toEqual([]);
  }, 30_000);
});
