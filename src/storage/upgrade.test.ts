import { Database } from "bun:sqlite";
import { afterAll, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../testing/service-process.ts";
import { openDatabase } from "./database.ts";
import { openStores } from "./stores.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());

const fixtures = join(import.meta.dir, "fixtures");
const files = readdirSync(fixtures).sort();

const schemaOf = (database: Database) =>
  database.query("SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name").all();

test("there is a database of every schema that a program ever had", () => {
  const migrations = readdirSync(join(import.meta.dir, "../../migrations")).filter((file) => file.endsWith(".sql"));
  expect(files).toEqual(migrations.map((_, i) => `schema-${String(i + 1).padStart(4, "0")}.sql`));
});

describe.each(files)("a database of %s", (file) => {
  test("is opened, brought up to date, and has all that was in it", () => {
    const path = join(folder.path, `${file}.db`);
    const old = new Database(path, { create: true });
    old.exec(readFileSync(join(fixtures, file), "utf8"));
    old.close();

    const { database, models, replay, predictions, labels, results, audit, state, close } = openStores(path);
    const whole = openDatabase(":memory:");
    expect(schemaOf(database)).toEqual(schemaOf(whole));
    expect(database.query("PRAGMA user_version").get()).toEqual(whole.query("PRAGMA user_version").get());
    expect(database.query("PRAGMA integrity_check").all()).toEqual([{ integrity_check: "ok" }]);
    expect(database.query("PRAGMA foreign_key_check").all()).toEqual([]);
    whole.close();

    expect(
      models
        .list()
        .map(({ version }) => version)
        .sort(),
    ).toEqual(["20260101T000000", "20260102T000000"]);
    expect(models.current()?.version).toBe("20260101T000000");
    expect(replay.from("20260101T000000", 0, 10)).toHaveLength(1);
    expect(predictions.byId("019b0000-0000-7000-8000-000000000001")).toMatchObject({
      userId: "asked",
      probability: 0.75,
      churn: 1,
    });
    expect(predictions.latestOfUser("asked")).toMatchObject({ seq: 1, probability: 0.75 });
    expect(labels.get(1)).toMatchObject({ churned: true, observedAt: 1767312006000 });
    expect(labels.history(1).map(({ status }) => status)).toEqual(["recorded", "corrected"]);
    expect(labels.takePending("never-asked")).toMatchObject({ churned: false });
    expect(labels.due(1767312010000, 10)).toHaveLength(1);
    expect(results.latest()).toMatchObject([{ monitor: "drift", feature: "montant", value: 0.01 }]);
    expect(audit.before(100, 10)).toMatchObject([{ action: "model.use", subject: "20260102T000000" }]);
    expect(state.get("replay.position")).toContain('"position":1');
    close();
  });
});
