import { afterAll, expect, test } from "bun:test";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../testing/service-process.ts";
import { createAuditStore } from "./audit.ts";
import { copyDatabase } from "./backup.ts";
import { openDatabase } from "./database.ts";
import { lockDataDirectory } from "./lock.ts";
import { createModelStore } from "./models.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());

test("a database of a newer program is refused, and left as it is", () => {
  const path = join(folder.path, "newer.db");
  const database = openDatabase(path);
  database.exec("PRAGMA user_version = 999");
  database.close();
  expect(() => openDatabase(path)).toThrow("use the newer program");
});

test("a database, its log and a copy of it are for their owner alone", () => {
  const path = join(folder.path, "private.db");
  const database = openDatabase(path);
  database.exec("INSERT INTO state VALUES ('a', 'b')");
  copyDatabase(path, `${path}.copy`);
  for (const suffix of ["", "-wal", "-shm", ".copy"])
    expect([suffix, (statSync(path + suffix).mode & 0o777).toString(8)]).toEqual([suffix, "600"]);
  database.close();
});

const locks = "/proc/locks";
const isLinux = existsSync(locks);
if (!isLinux) process.stderr.write(`the lock on a database opened twice is not tested: there is no ${locks}\n`);

test.skipIf(!isLinux)(
  "a database that is opened twice keeps the lock without which another program deletes its log",
  () => {
    const path = join(folder.path, "twice.db");
    const first = openDatabase(path);
    const held = () => readFileSync(locks, "utf8").includes(`:${statSync(path).ino} `);
    expect(held()).toBe(true);
    const second = openDatabase(path);
    expect(held()).toBe(true);
    second.close();
    expect(held()).toBe(true);
    first.close();
    expect(held()).toBe(false);
  },
);

test("a file that is no database is refused with what to check", () => {
  const path = join(folder.path, "broken.db");
  writeFileSync(path, "this is no database, and long enough to be looked at as one".repeat(100));
  expect(() => openDatabase(path)).toThrow(/cannot open the database .*broken\.db/);
});

test("a data directory is locked once, and free again after release", () => {
  const lock = lockDataDirectory(folder.path);
  expect(() => lockDataDirectory(folder.path)).toThrow("another service already runs");
  lock.release();
  lockDataDirectory(folder.path).release();
});

test("rollback goes back use by use, until there is nothing before", () => {
  const database = openDatabase(":memory:");
  const audit = createAuditStore(database);
  const store = createModelStore(database, audit);
  for (const version of ["a", "b", "c"]) {
    store.register({ version, trainedAt: 0, registeredAt: 0 });
    store.use(version, 1, "somebody");
  }
  store.use("c", 2, "somebody");
  expect([store.current()?.version, store.previous()]).toEqual(["c", "b"]);
  store.rollback(3, "somebody");
  expect([store.current()?.version, store.previous()]).toEqual(["b", "a"]);
  store.rollback(4, "somebody");
  store.rollback(5, "somebody");
  expect([store.current()?.version, store.previous()]).toEqual(["a", null]);
  expect(audit.before(100, 100).map(({ at, actor, action, subject }) => `${at} ${actor} ${action} ${subject}`)).toEqual(
    [
      "4 somebody model.rollback a",
      "3 somebody model.rollback b",
      "1 somebody model.use c",
      "1 somebody model.use b",
      "1 somebody model.use a",
    ],
  );
});

test("the audit log is not changed or erased, by no statement", () => {
  const database = openDatabase(":memory:");
  const audit = createAuditStore(database);
  audit.append({ at: 1, actor: "somebody", action: "customer.erase", subject: "" });
  for (const statement of [
    "UPDATE audit_log SET actor = 'nobody'",
    "DELETE FROM audit_log",
    "INSERT OR REPLACE INTO audit_log (seq, at, actor, action, subject) VALUES (1, 2, 'nobody', 'none', '')",
  ])
    expect(() => database.exec(statement), statement).toThrow("append-only");
  expect(audit.before(100, 100)).toHaveLength(1);
});
