import { afterAll, afterEach, beforeEach, expect, test } from "bun:test";
import { closeSync, existsSync, openSync, readdirSync, readlinkSync, statSync } from "node:fs";
import { join } from "node:path";
import { poll, temporaryFolder } from "../testing/service-process.ts";
import { createCheckpointer } from "./checkpoint.ts";
import { openDatabase, openReader } from "./database.ts";
import { createDurability } from "./durability.ts";

const folder = temporaryFolder();
afterAll(folder.remove);

const own = globalThis.Worker;
let started: Worker[] = [];
beforeEach(() => {
  started = [];
  globalThis.Worker = class extends own {
    constructor(...parameters: ConstructorParameters<typeof own>) {
      super(...parameters);
      started.push(this);
    }
  };
});
afterEach(() => {
  globalThis.Worker = own;
});

test("a checkpoint whose thread dies fails, and the next one has a new thread and empties the log", async () => {
  const path = join(folder.path, "service.db");
  const database = openDatabase(path);
  const failures: string[] = [];
  const checkpointer = createCheckpointer({
    database,
    path,
    hold: (work) => work(),
    now: () => 0,
    onFailure: (reason) => void failures.push(reason),
  });
  const logSize = () => statSync(`${path}-wal`).size;
  expect(logSize()).toBeGreaterThan(0);
  const failing = checkpointer.run().catch((error: Error) => error.message);
  started[0]?.terminate();
  expect(await failing).toBe("the checkpoint failed: it ended");
  expect(logSize()).toBeGreaterThan(0);
  await checkpointer.run();
  expect([started.length, logSize()]).toEqual([2, 0]);

  database.exec("INSERT INTO state VALUES ('a', 'b')");
  checkpointer.emptyLog();
  (started[1] as Worker).onmessage = null;
  const stopped = checkpointer.run().catch((error: Error) => error.message);
  await checkpointer.close();
  expect(await stopped).toBe("the checkpoint failed: the service stops");
  expect(failures).toEqual(["it ended"]);
  database.close();
});

test("a log that has grown large is begun anew while commits go on", async () => {
  const path = join(folder.path, "busy.db");
  const database = openDatabase(path);
  const durability = await createDurability(database, path);
  const checkpointer = createCheckpointer({ database, path, hold: durability.hold, now: () => 0 });
  await checkpointer.run();
  const insert = database.prepare("INSERT OR REPLACE INTO state VALUES (?, ?)");
  const text = "x".repeat(1_000_000);
  const write = (i: number) => durability.commit(() => void insert.run(`n${i % 10}`, text));
  for (let i = 0; i < 150; i++) await write(i);
  const logSize = () => statSync(`${path}-wal`).size;
  const large = logSize();
  expect(large).toBeGreaterThan(140e6);
  let isDone = false;
  const checkpoint = checkpointer.run().then(() => {
    isDone = true;
  });
  let written = 0;
  while (!isDone) await write(written++);
  await checkpoint;
  expect(written).toBeGreaterThan(0);
  // A log that is begun anew is cut to the limit of its size.
  await write(0);
  expect(logSize()).toBeLessThan(large);
  const { integrity_check } = database.query("PRAGMA integrity_check").get() as { integrity_check: string };
  expect(integrity_check).toBe("ok");
  await durability.close();
  database.close();
});

test("what is written while much comes is moved soon, again and again", async () => {
  const path = join(folder.path, "moved.db");
  const database = openDatabase(path);
  const checkpointer = createCheckpointer({ database, path, hold: (work) => work(), now: () => 0 });
  await checkpointer.run();
  const insert = database.prepare("INSERT INTO state VALUES (?, ?)");
  const size = () => statSync(path).size;
  const before = size();
  for (let i = 1; i <= 3; i++) {
    insert.run(`n${i}`, "x".repeat(2_000_000));
    if (i === 1) {
      expect(size()).toBe(before);
      await checkpointer.run();
    }
    await poll(() => size() > i * 2_000_000 || undefined);
  }
  // A log of which all was moved is written over.
  expect(statSync(`${path}-wal`).size).toBeLessThan(4_000_000);
  await checkpointer.close();
  // The thread, which had it open, holds nothing up.
  expect([await checkpointer.empty(), statSync(`${path}-wal`).size]).toEqual([true, 0]);
  database.close();
});

test("what somebody reads keeps the log for as long, and no longer", async () => {
  const path = join(folder.path, "read.db");
  const database = openDatabase(path);
  const checkpointer = createCheckpointer({ database, path, hold: (work) => work(), now: () => 0 });
  await checkpointer.run();
  const before = statSync(path).size;
  const reader = openReader(path);
  reader.exec("BEGIN; SELECT * FROM state");
  database.prepare("INSERT INTO state VALUES ('a', ?)").run("x".repeat(2_000_000));
  await checkpointer.run();
  await checkpointer.run();
  expect(statSync(path).size).toBe(before);
  reader.close();
  await poll(async () => {
    await checkpointer.run();
    return statSync(path).size > 2_000_000 || undefined;
  });
  expect(await checkpointer.empty()).toBe(true);
  await checkpointer.close();
  database.close();
});

test("that the disk lost what was moved is told, each time", async () => {
  const path = join(folder.path, "lost.db");
  const database = openDatabase(path);
  const folderOfDescriptors = "/proc/self/fd";
  const descriptors = () =>
    readdirSync(folderOfDescriptors).filter((fd) => {
      const link = join(folderOfDescriptors, fd);
      return existsSync(link) && readlinkSync(link) === path;
    });
  const others = descriptors();
  const lost: unknown[] = [];
  const checkpointer = createCheckpointer({
    database,
    path,
    hold: (work) => work(),
    now: () => 0,
    onLostWrites: (error) => void lost.push((error as { code: string }).code),
  });
  // What is no file cannot be synced.
  closeSync(Number(descriptors().find((fd) => !others.includes(fd))));
  openSync("/dev/null", "r");
  const codes: string[] = [];
  for (let i = 0; i < 2; i++) await checkpointer.run().catch((error) => void codes.push(error.code));
  expect(codes).toHaveLength(2);
  expect(lost).toEqual(codes);
  await checkpointer.close();
  database.close();
});
