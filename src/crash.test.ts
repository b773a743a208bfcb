import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { openReader } from "./storage/database.ts";
import { crashService } from "./testing/crash.ts";
import { poll, startProcess, temporaryFolder, trainSmallModel } from "./testing/service-process.ts";

const folder = temporaryFolder();
const dataDirectory = join(folder.path, "data");

beforeAll(() => trainSmallModel(dataDirectory), 60_000);
afterAll(() => folder.remove());

function overdueLabels(): number {
  const database = openReader(join(dataDirectory, "service.db"));
  try {
    return (database.query("SELECT count(*) AS count FROM scheduled_labels").get() as { count: number }).count;
  } finally {
    database.close();
  }
}

test("50 kills under load lose nothing, store nothing twice, and each restart is ready within 2 s", async () => {
  const report = await crashService({ dataDirectory, kills: 50, clients: 16, seed: 1 });
  expect(report.predictions).toBeGreaterThan(1000);
  expect(report.labels).toBeGreaterThan(1000);
  // All was at work that was to be killed.
  for (const work of ["replayed", "released", "monitored"] as const)
    expect([work, report[work] > 50]).toEqual([work, true]);
  const { kills, lost, duplicates, unscheduled, damages } = report;
  expect({ kills, lost, duplicates, unscheduled, damages }).toEqual({
    kills: 50,
    lost: 0,
    duplicates: 0,
    unscheduled: 0,
    damages: [],
  });
  expect(Math.max(...report.startups)).toBeLessThan(2000);
}, 180_000);

test("labels that were due while the service was dead are given out after its restart", async () => {
  const replaying = { DATA_DIR: dataDirectory, REPLAY_RATE: "100", FEEDBACK_DELAY: "3", FEEDBACK_DELAY_JITTER: "0" };
  const killed = await startProcess(replaying);
  await poll(() => overdueLabels() > 0 || undefined);
  await killed.end("SIGKILL");
  expect(overdueLabels()).toBeGreaterThan(0);
  const restarted = await startProcess({ ...replaying, REPLAY_RATE: "0" });
  try {
    expect(await poll(() => overdueLabels() === 0 || undefined)).toBe(true);
  } finally {
    await restarted.end("SIGTERM");
  }
}, 60_000);
