import { afterAll, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { startCommandFile, temporaryFolder } from "../testing/service-process.ts";
import { type Database, openDatabase } from "./database.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());

const schemaOf = (database: Database) => [
  database.query("PRAGMA user_version").get(),
  database.query("SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name").all(),
];

test("a migration killed after any of its statements is done wholly at the next start", async () => {
  const whole = openDatabase(":memory:");
  let kills = 0;
  for (let isKilled = true; isKilled; ) {
    const path = join(folder.path, `${kills}.db`);
    const child = startCommandFile("testing/half-migration.ts", [path, String(kills)], {});
    const code = await child.exited;
    isKilled = child.signalCode === "SIGKILL";
    if (isKilled) kills++;
    else expect(code).toBe(0);
    if (kills > 0) expect(existsSync(path)).toBe(true);
    const database = openDatabase(path);
    expect(database.query("PRAGMA integrity_check").all()).toEqual([{ integrity_check: "ok" }]);
    expect(schemaOf(database)).toEqual(schemaOf(whole));
    database.close();
  }
  whole.close();
  // Each statement of every migration, and the settings before.
  expect(kills).toBeGreaterThan(20);
}, 60_000);
