import { Database } from "bun:sqlite";
import { afterAll, beforeAll, expect, test } from "bun:test";
import { cpSync, existsSync, readdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { exampleCustomer } from "../customer.ts";
import {
  type RunningService,
  runCommandFile,
  startProcess,
  temporaryFolder,
  trainSmallModel,
} from "../testing/service-process.ts";

const folder = temporaryFolder();
const DATA_DIR = join(folder.path, "data");
const elsewhere = join(folder.path, "elsewhere");
const saved = join(folder.path, "saved");
let service: RunningService;
/** Predictions that were acknowledged before the backup began, by their id. */
const acknowledged = new Map<string, unknown>();
let failures = 0;
let isCalling = true;

const backup = (word: string, to: string, dataDirectory = DATA_DIR) =>
  runCommandFile("backup/command.ts", [word, to], { DATA_DIR: dataDirectory });
const lookUp = async (at: RunningService, id: string) => {
  const response = await fetch(`${at.url}/predictions/${id}`);
  return { status: response.status, body: (await response.json()) as { probability: number } };
};

async function predictOnce(): Promise<{ id: string; probability: number } | null> {
  const response = await fetch(`${service.url}/predict`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(exampleCustomer),
  });
  if (!response.ok) {
    failures++;
    return null;
  }
  const { prediction_id, probability } = (await response.json()) as { prediction_id: string; probability: number };
  return { id: prediction_id, probability };
}

beforeAll(async () => {
  await trainSmallModel(DATA_DIR);
  service = await startProcess({ DATA_DIR, REPLAY_RATE: "200", FEEDBACK_DELAY: "1", MONITOR_EVERY: "1" });
  for (let i = 0; i < 50; i++) {
    const answer = await predictOnce();
    if (answer) acknowledged.set(answer.id, answer.probability);
  }
}, 60_000);
afterAll(async () => {
  await service.end("SIGTERM");
  folder.remove();
});

test("a running service is saved while it goes on answering", async () => {
  let during = 0;
  const caller = (async () => {
    while (isCalling) if (await predictOnce()) during++;
  })();
  const { code, stdout, stderr } = await backup("save", saved);
  isCalling = false;
  await caller;
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(/^saved [\d,]+ predictions/);
  expect(failures).toBe(0);
  expect(during).toBeGreaterThan(10);
  expect(readdirSync(saved).sort()).toEqual(["models", "service.db"]);
});

test("what was acknowledged before the backup is there after a restore elsewhere, and the service goes on from it", async () => {
  const { code, stderr } = await backup("restore", saved, elsewhere);
  expect(code, stderr).toBe(0);
  const restored = await startProcess({ DATA_DIR: elsewhere, REPLAY_RATE: "0" });
  expect(acknowledged.size).toBe(50);
  for (const [id, probability] of acknowledged) {
    const { status, body } = await lookUp(restored, id);
    expect([status, body.probability]).toEqual([200, probability as number]);
  }
  await restored.end("SIGTERM");
}, 30_000);

test("a restore replaces what was there and keeps it beside", async () => {
  const again = await startProcess({ DATA_DIR: elsewhere, REPLAY_RATE: "0" });
  const response = await fetch(`${again.url}/predict`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(exampleCustomer),
  });
  const { prediction_id: later } = (await response.json()) as { prediction_id: string };
  const running = await backup("restore", saved, elsewhere);
  expect([running.code, running.stderr]).toEqual([75, expect.stringContaining("another service already runs")]);
  // Killed, it leaves a write-ahead log that belongs to the old database.
  await again.end("SIGKILL");
  expect(await backup("restore", saved, elsewhere)).toMatchObject({ code: 0, stderr: "" });
  expect(existsSync(join(elsewhere, "service.db.before"))).toBe(true);
  const restored = await startProcess({ DATA_DIR: elsewhere, REPLAY_RATE: "0" });
  expect((await lookUp(restored, later)).status).toBe(404);
  expect((await lookUp(restored, [...acknowledged.keys()][0] as string)).status).toBe(200);
  await restored.end("SIGTERM");
}, 30_000);

test("a folder that exists is not overwritten, and one that holds no sound backup is not restored", async () => {
  expect(await backup("save", saved)).toMatchObject({ code: 75, stderr: expect.stringContaining("exists") });
  const empty = await backup("restore", join(folder.path, "nothing"), elsewhere);
  expect([empty.code, empty.stderr]).toEqual([66, expect.stringContaining("holds no service.db")]);
  const damaged = join(folder.path, "damaged");
  cpSync(saved, damaged, { recursive: true });
  truncateSync(join(damaged, "service.db"), 20_000);
  const refused = await backup("restore", damaged, elsewhere);
  expect([refused.code, refused.stderr]).toEqual([65, expect.stringContaining("no undamaged database")]);
  writeFileSync(join(damaged, "service.db"), "not a database at all");
  expect((await backup("restore", damaged, elsewhere)).code).toBe(65);
  const restored = await startProcess({ DATA_DIR: elsewhere, REPLAY_RATE: "0" });
  expect((await lookUp(restored, [...acknowledged.keys()][0] as string)).status).toBe(200);
  await restored.end("SIGTERM");
}, 30_000);

test("where there is no database there is nothing to save", async () => {
  const { code, stderr } = await backup("save", join(folder.path, "none"), join(folder.path, "empty"));
  expect([code, stderr]).toEqual([66, expect.stringContaining("there is no database")]);
  expect(existsSync(join(folder.path, "none.part"))).toBe(false);
});

test("what a newer program has migrated is neither saved nor restored, and stays as it is", async () => {
  const newer = join(folder.path, "newer");
  cpSync(saved, newer, { recursive: true });
  const database = new Database(join(newer, "service.db"));
  database.exec("PRAGMA user_version = 999");
  database.close();
  const to = join(folder.path, "of-newer");
  const refused = /^error: the database has schema 999, this program knows \d+: use the newer program that wrote it\n$/;
  const kept = await backup("save", to, newer);
  expect(kept.code).toBe(75);
  expect(kept.stderr).toMatch(refused);
  expect(readdirSync(folder.path).filter((name) => name.startsWith("of-newer"))).toEqual([]);
  const target = join(folder.path, "older-program");
  expect((await backup("restore", saved, target)).code).toBe(0);
  const before = readdirSync(target).sort();
  const back = await backup("restore", newer, target);
  expect(back.code).toBe(75);
  expect(back.stderr).toMatch(refused);
  expect(readdirSync(target).sort()).toEqual(before);
}, 30_000);
