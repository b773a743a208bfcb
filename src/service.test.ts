import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { exampleCustomer } from "./customer.ts";
import { treesFile } from "./models/trees-file.ts";
import { openDatabase } from "./storage/database.ts";
import {
  poll,
  type RunningService,
  runCommandFile,
  startProcess,
  temporaryFolder,
  trainSmallModel,
} from "./testing/service-process.ts";

const folder = temporaryFolder();
const DATA_DIR = join(folder.path, "data");
const quiet = { DATA_DIR, REPLAY_RATE: "0", LOG_LEVEL: "warn" };

beforeAll(() => trainSmallModel(DATA_DIR), 60_000);
afterAll(() => folder.remove());

async function postJson(url: string, body: unknown): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

async function metric(service: RunningService, name: string): Promise<number | undefined> {
  const text = await (await fetch(`${service.url}/metrics`)).text();
  const values = [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, "gm"))].map((found) =>
    Number(found[1]),
  );
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0);
}

describe("the service as a process", () => {
  test("predicts when the trees that explain are damaged, and explains again once they are back", async () => {
    const models = join(DATA_DIR, "models");
    const trees = join(models, String(readdirSync(models).find((name) => /^\d/.test(name))), treesFile);
    const whole = readFileSync(trees);
    writeFileSync(trees, whole.subarray(0, whole.length / 2));
    const service = await startProcess(quiet);
    try {
      const refused = await postJson(`${service.url}/predict?explain=true`, exampleCustomer);
      expect([refused.status, refused.body.detail]).toEqual([503, expect.stringContaining(`${treesFile} is damaged`)]);
      expect((await postJson(`${service.url}/predict`, exampleCustomer)).status).toBe(200);
      expect(await metric(service, "churn_predictions_total")).toBe(1);
      writeFileSync(trees, whole);
      const explained = await postJson(`${service.url}/predict?explain=true`, exampleCustomer);
      expect([explained.status, typeof explained.body.explanation]).toEqual([200, "object"]);
    } finally {
      writeFileSync(trees, whole);
      await service.end("SIGTERM");
    }
  });

  test("has every acknowledged prediction and label after it was killed under load", async () => {
    const acknowledged: string[] = [];
    const labelled: string[] = [];
    for (let kill = 0; kill < 3; kill++) {
      const service = await startProcess({ ...quiet, REPLAY_RATE: "20", FEEDBACK_DELAY: "1" });
      let isDead = false;
      const clients = Array.from({ length: 8 }, async (_, client) => {
        for (let i = 0; !isDead; i++) {
          try {
            const { status, body } = await postJson(`${service.url}/predict`, {
              ...exampleCustomer,
              user_id: `${kill}-${client}-${i}`,
            });
            if (status !== 200) continue;
            const id = String(body.prediction_id);
            acknowledged.push(id);
            const feedback = await postJson(`${service.url}/feedback`, { prediction_id: id, churned: i % 2 === 0 });
            if (feedback.status === 200) labelled.push(id);
          } catch {
            // The connection of a killed server: what was not acknowledged need not be there.
          }
        }
      });
      await poll(() => (labelled.length > 100 * (kill + 1) ? true : undefined));
      await service.end("SIGKILL");
      isDead = true;
      await Promise.all(clients);
    }
    const service = await startProcess(quiet);
    try {
      for (const id of [...new Set(acknowledged)]) {
        const response = await fetch(`${service.url}/predictions/${id}`);
        expect(response.status).toBe(200);
        const { feedback } = (await response.json()) as { feedback: unknown };
        if (labelled.includes(id)) expect(feedback).not.toBeNull();
      }
      expect(new Set(acknowledged).size).toBe(acknowledged.length);
    } finally {
      await service.end("SIGTERM");
    }
    const database = openDatabase(join(DATA_DIR, "service.db"));
    expect(database.query("PRAGMA integrity_check").all()).toEqual([{ integrity_check: "ok" }]);
    database.close();
  }, 60_000);

  test("goes on with scheduled releases after a restart", async () => {
    const before = await startProcess({ DATA_DIR, REPLAY_RATE: "50", FEEDBACK_DELAY: "4", FEEDBACK_DELAY_JITTER: "0" });
    await poll(async () => ((await metric(before, "churn_predictions_total")) ?? 0) >= 50 || undefined);
    expect(await before.end("SIGINT")).toBe(0);
    const after = await startProcess({ ...quiet, FEEDBACK_DELAY: "4" });
    try {
      const released = await poll(async () => ((await metric(after, "churn_feedback_total")) ?? 0) >= 50 || undefined);
      expect(released).toBe(true);
    } finally {
      await after.end("SIGTERM");
    }
  }, 60_000);

  test("shows monitored replay in its metrics", async () => {
    const service = await startProcess({ DATA_DIR, REPLAY_RATE: "400", FEEDBACK_DELAY: "1", MONITOR_EVERY: "1" });
    try {
      await poll(
        async () =>
          ((await metric(service, 'churn_realized_performance\\{metric="roc_auc"\\}')) ?? 0) > 0.5 || undefined,
      );
      for (const name of [
        "churn_feature_drift_score",
        "churn_feature_drift_threshold",
        "churn_prediction_drift_score",
        "churn_estimated_performance",
        "churn_label_coverage_ratio",
        "churn_feature_missing_ratio",
      ]) {
        expect([name, (await metric(service, name)) as number]).toEqual([name, expect.any(Number)]);
        expect(Number.isFinite(await metric(service, name))).toBe(true);
      }
      expect(await metric(service, "churn_label_coverage_ratio")).toBeGreaterThan(0);
    } finally {
      await service.end("SIGTERM");
    }
  }, 60_000);

  test("follows a model change from the command line, and refuses a second service on its data", async () => {
    const service = await startProcess(quiet);
    try {
      const second = await runCommandFile("main.ts", [], { ...quiet, PORT: "0" });
      expect(second.code).toBe(75);
      expect(second.stderr).toContain("another service already runs");
      const serving = async () => (await postJson(`${service.url}/predict`, { user_id: "someone" })).body.model_version;
      const first = await serving();
      const trained = await runCommandFile(
        "training/train.ts",
        ["--data", join(DATA_DIR, "raw/sample.csv"), "--rounds", "5"],
        { DATA_DIR },
      );
      expect(trained.code).toBe(0);
      await poll(async () => ((await serving()) === first ? undefined : true));
      expect((await runCommandFile("models/command.ts", ["rollback"], { DATA_DIR })).code).toBe(0);
      await poll(async () => ((await serving()) === first ? true : undefined));
    } finally {
      await service.end("SIGTERM");
    }
  }, 60_000);

  test("says in one line what keeps it from starting", async () => {
    const blocker = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
    const cases: [Record<string, string>, number, string][] = [
      [{ ...quiet, PORT: String(blocker.port) }, 75, "is in use"],
      [{ ...quiet, PORT: "eighty" }, 78, "PORT"],
      [{ ...quiet, HOST: "0.0.0.0" }, 78, "API_KEYS"],
      [{ ...quiet, DATA_DIR: "/proc/nowhere" }, 69, "/proc/nowhere"],
    ];
    for (const [environment, code, message] of cases) {
      const finished = await runCommandFile("main.ts", [], environment);
      expect([finished.code, finished.stderr]).toEqual([code, expect.stringContaining(message)]);
      expect(finished.stderr.trim().split("\n")).toHaveLength(1);
    }
    await blocker.stop(true);
  }, 30_000);

  test("refuses a damaged model, names it, and tells what to do", async () => {
    const { stdout } = await runCommandFile("models/command.ts", ["list"], { DATA_DIR });
    const version = stdout.match(/\* (\S+)/)?.[1] ?? "";
    const file = join(DATA_DIR, "models", version, "model.onnx");
    expect(existsSync(file)).toBe(true);
    const whole = readFileSync(file);
    writeFileSync(file, whole.subarray(0, whole.length / 2));
    const finished = await runCommandFile("main.ts", [], { ...quiet, PORT: "0" });
    writeFileSync(file, whole);
    expect(finished.code).toBe(69);
    expect(finished.stderr).toContain(version);
    expect(finished.stderr).toContain("damaged");
    expect(finished.stderr).toContain("model:rollback");
  }, 30_000);
});
