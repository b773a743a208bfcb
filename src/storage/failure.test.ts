import { afterAll, describe, expect, test } from "bun:test";
import { closeSync, copyFileSync, openSync, renameSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { poll, temporaryFolder } from "../testing/service-process.ts";
import { openDatabase, openReader } from "./database.ts";
import { createDurability } from "./durability.ts";
import { type StorageFault, storageFailureOf } from "./failure.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());

async function openDurable(name: string, datasync?: () => Promise<void>) {
  const path = join(folder.path, name);
  const database = openDatabase(path);
  database.exec("DELETE FROM state");
  const told: (StorageFault | null)[] = [];
  const durability = await createDurability(
    database,
    path,
    (failure) => told.push(failure?.fault ?? null),
    undefined,
    datasync && (async () => ({ datasync, close: async () => undefined })),
  );
  const store = (text: string) =>
    durability.commit(() => void database.run("INSERT OR REPLACE INTO state VALUES (?, ?)", [text.slice(0, 1), text]));
  const count = () => database.query("SELECT count(*) AS count FROM state").get() as { count: number };
  return {
    path,
    database,
    durability,
    told,
    store,
    count,
    async close() {
      await durability.close();
      database.close();
    },
  };
}

describe("a commit that the storage refuses", () => {
  test("fails as a whole and says that there is no room, until there is", async () => {
    const { database, durability, told, store, count, close } = await openDurable("full.db");
    const { page_count: pages } = database.query("PRAGMA page_count").get() as { page_count: number };
    database.exec(`PRAGMA max_page_count = ${pages}`);
    expect(store("a".repeat(100_000))).rejects.toThrow("the disk is full");
    await Bun.sleep(0);
    expect(durability.failure?.fault).toBe("full");
    expect(count()).toEqual({ count: 0 });
    database.exec(`PRAGMA max_page_count = ${10 * pages}`);
    await store("a".repeat(100_000));
    expect([durability.failure, told]).toEqual([null, ["full", null]]);
    await close();
  });

  test("says that nothing can be written, once", async () => {
    const { database, told, store, count, close } = await openDurable("read-only.db");
    database.exec("PRAGMA query_only = ON");
    for (let i = 0; i < 3; i++) expect(store("b")).rejects.toThrow("cannot be written to");
    await Bun.sleep(0);
    expect([told, count()]).toEqual([["read_only"], { count: 0 }]);
    database.exec("PRAGMA query_only = OFF");
    await store("b");
    expect([told, count()]).toEqual([["read_only", null], { count: 1 }]);
    await close();
  });

  test("waits for the lock of another program, and begins its work once", async () => {
    const { path, told, durability, close } = await openDurable("locked.db");
    const other = openDatabase(path);
    other.exec("BEGIN IMMEDIATE");
    let begun = 0;
    const waiting = durability.commit(() => ++begun);
    await Bun.sleep(0);
    expect(begun).toBe(0);
    other.exec("ROLLBACK");
    other.close();
    expect([await waiting, begun, told]).toEqual([1, 1, []]);
    await close();
  });

  test("gives up a lock as early as another one that asked with it", async () => {
    const path = join(folder.path, "locked-long.db");
    const database = openDatabase(path);
    // The wait is that of a stop: a second.
    const durability = await createDurability(database, path, undefined, AbortSignal.abort());
    const other = openDatabase(path);
    other.exec("BEGIN IMMEDIATE");
    const start = performance.now();
    const asked = await Promise.allSettled(Array.from({ length: 4 }, () => durability.commit(() => "stored")));
    expect(performance.now() - start).toBeLessThan(2500);
    expect(asked.map(({ status }) => status)).toEqual(Array(4).fill("rejected"));
    other.close();
    await durability.close();
    database.close();
  });

  test("says that its files are gone, replaced or moved, acknowledges nothing, and goes on when they are back", async () => {
    const { path, durability, told, store, close } = await openDurable("moved.db");
    await store("a");
    for (const file of [path, `${path}-wal`]) {
      renameSync(file, `${file}-moved`);
      expect(store("b")).rejects.toThrow("were moved, replaced or deleted");
      await poll(() => durability.failure?.fault === "missing" || undefined);
      copyFileSync(`${file}-moved`, file);
      expect(store("c")).rejects.toThrow("were moved, replaced or deleted");
      await Bun.sleep(0);
      renameSync(`${file}-moved`, file);
      await store("d");
    }
    expect(told).toEqual(["missing", null, "missing", null]);
    await close();
  });

  test("that met damage is refused from then on, whoever met it, since what follows may not be found again", async () => {
    const { durability, told, store, count, close } = await openDurable("met.db");
    durability.notice(new Error("of something else"));
    await store("a");
    durability.notice(Object.assign(new Error("database disk image is malformed"), { code: "SQLITE_CORRUPT" }));
    expect(store("b")).rejects.toThrow("the database is damaged");
    await Bun.sleep(0);
    durability.notice(Object.assign(new Error("database is locked"), { code: "SQLITE_BUSY" }));
    expect([durability.failure?.fault, told, count()]).toEqual(["damaged", ["damaged"], { count: 1 }]);
    await close();
  });

  test("whose sync failed leaves no gap in the log: the next one is first written to the database file", async () => {
    let failing = false;
    const { path, told, store, close } = await openDurable("unsynced.db", async () => {
      const fails = failing;
      failing = false;
      if (fails) throw Object.assign(new Error("sync"), { code: "EIO" });
    });
    await store("a");
    failing = true;
    // The second stands behind the first in the log, and would have had the next sync.
    const both = await Promise.allSettled([store("b"), store("b")]);
    expect(both.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    const before = statSync(`${path}-wal`).size;
    const reader = openReader(path);
    reader.exec("BEGIN; SELECT count(*) FROM state");
    expect(store("c")).rejects.toThrow("the disk fails");
    await Bun.sleep(0);
    reader.close();
    await store("d");
    // The log begins anew: it holds what came last, and no frame before it.
    expect(statSync(`${path}-wal`).size).toBeLessThan(before);
    expect(told).toEqual(["failing", null]);
    await close();
  });

  test("of another thread whose sync failed leaves no gap in the log either", async () => {
    const { path, durability, told, store, close } = await openDurable("unsynced-elsewhere.db");
    await store("a");
    const before = statSync(`${path}-wal`).size;
    const elsewhere = durability.commitElsewhere(async () => {
      throw Object.assign(new Error("sync"), { code: "EIO", failedSync: true });
    });
    expect(elsewhere).rejects.toThrow("the disk fails");
    await Bun.sleep(0);
    expect(durability.failure?.fault).toBe("failing");
    await store("b");
    expect(statSync(`${path}-wal`).size).toBeLessThan(before);
    expect(told).toEqual(["failing", null]);
    await close();
  });

  test("of another thread is not acknowledged when what stands before it in the log could not be synced", async () => {
    const syncs: PromiseWithResolvers<void>[] = [];
    const { durability, store, close } = await openDurable("sync-before.db", () => {
      const asked = Promise.withResolvers<void>();
      syncs.push(asked);
      return asked.promise;
    });
    const here = store("a");
    const elsewhere = durability.commitElsewhere(async () => "stored behind it");
    await poll(() => syncs[0]);
    syncs[0]?.reject(Object.assign(new Error("sync"), { code: "EIO" }));
    const both = await Promise.allSettled([here, elsewhere]);
    expect(both.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(await durability.commitElsewhere(async () => "after it")).toBe("after it");
    await close();
  });

  test("is not acknowledged when another thread fails to sync before it is on the disk", async () => {
    const syncs: PromiseWithResolvers<void>[] = [];
    const { durability, store, close } = await openDurable("sync-meanwhile.db", () => {
      const asked = Promise.withResolvers<void>();
      syncs.push(asked);
      return asked.promise;
    });
    // The second waits for the sync of the first to end.
    const here = [store("a"), store("b")];
    const elsewhere = durability.commitElsewhere(async () => {
      throw Object.assign(new Error("sync"), { code: "EIO", failedSync: true });
    });
    expect((await Promise.allSettled([elsewhere]))[0].status).toBe("rejected");
    syncs[0]?.resolve();
    expect((await Promise.allSettled(here)).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(syncs).toHaveLength(1);
    await close();
  });

  test("of another thread that ended and told nothing is followed by none that is acknowledged before the disk has answered", async () => {
    const syncs: PromiseWithResolvers<void>[] = [];
    const { durability, told, close } = await openDurable("ended.db", () => {
      const asked = Promise.withResolvers<void>();
      syncs.push(asked);
      return asked.promise;
    });
    const ends = () =>
      durability.commitElsewhere(async () => {
        throw new Error("it ended");
      });
    for (const isWell of [true, false]) {
      syncs.length = 0;
      expect(ends()).rejects.toThrow("it ended");
      let isAcknowledged = false;
      const next = durability
        .commitElsewhere(async () => "next")
        .finally(() => {
          isAcknowledged = true;
        });
      const outcome = Promise.allSettled([next]);
      const sync = await poll(() => syncs[0]);
      await Bun.sleep(0);
      expect(isAcknowledged).toBe(false);
      if (isWell) sync.resolve();
      else sync.reject(Object.assign(new Error("sync"), { code: "EIO" }));
      expect((await outcome)[0].status).toBe(isWell ? "fulfilled" : "rejected");
    }
    expect(told).toEqual(["failing"]);
    await close();
  });

  test("waits for those that asked before, here or in another thread, and goes on when one of them fails", async () => {
    const { durability, close } = await openDurable("turns.db");
    const gate = Promise.withResolvers<void>();
    const order: string[] = [];
    const first = durability.commitElsewhere(async () => {
      order.push("first begins");
      await gate.promise;
      order.push("first ends");
    });
    const second = durability.commit(() => {
      order.push("second");
      throw new Error("a defect");
    });
    const third = durability.commitElsewhere(async () => order.push("third"));
    const held = durability.hold(async () => void order.push("held"));
    const last = durability.commit(() => order.push("last"));
    await Bun.sleep(0);
    expect(order).toEqual(["first begins"]);
    gate.resolve();
    expect((await Promise.allSettled([first, second, third, held, last])).map(({ status }) => status)).toEqual([
      "fulfilled",
      "rejected",
      "fulfilled",
      "fulfilled",
      "fulfilled",
    ]);
    expect(order).toEqual(["first begins", "first ends", "second", "third", "held", "last"]);
    await close();
  });

  test("is a defect of the program when it is about something else", async () => {
    const { database, durability, told, close } = await openDurable("defect.db");
    const broken = durability.commit(() => database.run("INSERT INTO labels VALUES (1, 7, 0, 0)"));
    expect(broken).rejects.toThrow("CHECK constraint failed");
    await Bun.sleep(0);
    expect([durability.failure, told]).toEqual([null, []]);
    await close();
  });
});

test("pages that are damaged are told from other errors, also when reading", async () => {
  const { path, store, close } = await openDurable("damaged.db");
  for (const letter of "abcdefghij") await store(letter.repeat(20_000));
  await close();
  const handle = openSync(path, "r+");
  const { size } = statSync(path);
  writeSync(handle, new Uint8Array(size / 2).fill(0xa5), 0, size / 2, size / 2);
  closeSync(handle);
  const database = openDatabase(path);
  let thrown: unknown;
  try {
    database.query("SELECT * FROM state").all();
  } catch (error) {
    thrown = error;
  }
  expect(storageFailureOf(thrown)).toMatchObject({ code: "unavailable", fault: "damaged", retryAfter: 5 });
  database.close();
});

test("errors of the file system that come with a sync are told by their code", () => {
  const faultOf = (code: unknown) => storageFailureOf(Object.assign(new Error("sync"), { code }))?.fault ?? null;
  expect(["ENOSPC", "EIO", "EROFS", "ECONNRESET", 5, undefined].map(faultOf)).toEqual([
    "full",
    "failing",
    "read_only",
    null,
    null,
    null,
  ]);
  expect(storageFailureOf(null)).toBeNull();
});
