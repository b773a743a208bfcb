import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { createRegistry } from "../models/registry.ts";
import { lockTraining } from "../storage/lock.ts";
import { openStores } from "../storage/stores.ts";
import { runCommandFile, startCommandFile, temporaryFolder, trainSmallModel } from "../testing/service-process.ts";

const folder = temporaryFolder();
const DATA_DIR = join(folder.path, "data");
const models = join(DATA_DIR, "models");
const options = ["--data", join(DATA_DIR, "raw", "sample.csv"), "--rounds", "5"];
const kills = 12;

beforeAll(() => trainSmallModel(DATA_DIR), 60_000);
afterAll(() => folder.remove());

const train = () => runCommandFile("training/train.ts", options, { DATA_DIR });

/** The version that serves and all that are registered, each after proof that it loads. */
async function loadAll(): Promise<{ serving: string | undefined; versions: string[] }> {
  const stores = openStores(join(DATA_DIR, "service.db"));
  try {
    const registry = createRegistry({ directory: models, store: stores.models, now: () => 0 });
    const versions = registry.list().map(({ version }) => version);
    for (const version of versions) await (await registry.load(version)).session.release();
    return { serving: registry.currentUse()?.version, versions };
  } finally {
    stores.close();
  }
}

test("a training killed at any moment leaves no model that does not load, and the next one removes its leftovers", async () => {
  const started = performance.now();
  expect((await train()).code).toBe(0);
  const duration = performance.now() - started;
  for (let kill = 0; kill < kills; kill++) {
    const child = startCommandFile("training/train.ts", options, { DATA_DIR });
    // The later half is where files are written and registered.
    await Promise.race([child.exited, Bun.sleep(duration * (0.4 + (0.6 * kill) / kills))]);
    child.kill("SIGKILL");
    await child.exited;
    const { serving, versions } = await loadAll();
    expect(versions).toContain(serving as string);
  }
  mkdirSync(join(models, ".writing-20260101T000000"));
  mkdirSync(join(models, "20260101T000000"));
  mkdirSync(join(models, "of-someone-else"));
  const { code, stderr } = await train();
  expect([code, stderr]).toEqual([0, expect.stringContaining("removed .writing-20260101T000000")]);
  const { versions } = await loadAll();
  expect(readdirSync(models).sort()).toEqual([...versions, "of-someone-else"].sort());
}, 120_000);

test("a second training on the same data directory is refused, and leaves the first one's files alone", async () => {
  const lock = lockTraining(DATA_DIR);
  const beingWritten = join(models, ".writing-20260101T000001");
  mkdirSync(beingWritten);
  const { code, stderr } = await train();
  lock.release();
  expect([code, stderr]).toEqual([75, expect.stringContaining("another training already runs")]);
  expect(existsSync(beingWritten)).toBe(true);
}, 30_000);
