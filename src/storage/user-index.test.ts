import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";
import fc from "fast-check";
import { temporaryFolder } from "../testing/service-process.ts";
import { anyPrediction } from "../testing/stored-prediction.ts";
import { inTransaction, openDatabase, openWriter } from "./database.ts";
import { createPredictionStore, type NewPrediction } from "./predictions.ts";
import { createUserIndex, runLength } from "./user-index.ts";
import { createUserIndexer } from "./user-indexer.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());

const seed = 20261126;

/** Two users that the index cannot tell apart. */
function usersOfOneHash(): [string, string] {
  const known = new Map<number, string>();
  for (let i = 0; ; i++) {
    const user = `user ${i}`;
    const hash = Bun.hash.xxHash32(user, seed);
    const other = known.get(hash);
    if (other) return [other, user];
    known.set(hash, user);
  }
}

const predictionOf = (userId: string, predictedAt = 1000): NewPrediction => ({
  ...anyPrediction,
  userId,
  predictedAt,
  modelVersion: "m",
});

/** A database with one connection that appends predictions and one that looks for them, as the service has. */
function createScene(file: string, length?: number) {
  const path = join(folder.path, file);
  const database = openDatabase(path);
  database.run("UPDATE state SET value = ? WHERE name = 'predictions.userSeed'", [String(seed)]);
  const writer = openWriter(path);
  const appended = createPredictionStore(writer);
  let predictions = createPredictionStore(database);
  let indexer = createUserIndexer(writer, length);

  return {
    database,
    index: createUserIndex(database),
    get predictions() {
      return predictions;
    },
    /** @returns the number of the first. */
    append(users: readonly string[], { time = 1000, isNoted = true } = {}): number {
      const keys = inTransaction(writer, () => {
        const keys = appended.append(users.map((user) => predictionOf(user, time)));
        indexer.write(users.length);
        return keys;
      });
      const first = (keys[0] as (typeof keys)[number]).seq;
      indexer.stored(first, users);
      if (isNoted) predictions.noteAppended(first, users);
      return first;
    },
    fail(users: readonly string[]): void {
      const work = () => {
        appended.append(users.map((user) => predictionOf(user)));
        indexer.write(users.length);
        throw new Error("the disk is full");
      };
      expect(() => inTransaction(writer, work)).toThrow("the disk is full");
    },
    /** As a thread that was given up does, whose commit ends after the next one has begun. */
    appendLate(users: readonly string[]): number {
      const late = openWriter(path);
      late.exec("BEGIN IMMEDIATE");
      const [first] = createPredictionStore(late).append(users.map((user) => predictionOf(user)));
      indexer = createUserIndexer(writer, length);
      late.exec("COMMIT");
      late.close();
      return first?.seq as number;
    },
    restartWriter(): void {
      indexer = createUserIndexer(writer, length);
    },
    restartReader(): void {
      predictions = createPredictionStore(database);
    },
    close(): void {
      writer.close();
      database.close();
    },
  };
}
type Scene = ReturnType<typeof createScene>;

/** What the index has: all predictions up to its end, and nothing of those that are gone. */
function checkIndex({ database, index }: Scene): void {
  const missing = database
    .query("SELECT seq FROM predictions WHERE seq <= ? AND seq NOT IN (SELECT prediction_seq FROM user_predictions)")
    .all(index.through());
  const left = database
    .query("SELECT prediction_seq FROM user_predictions WHERE prediction_seq NOT IN (SELECT seq FROM predictions)")
    .all();
  expect({ missing, left }).toEqual({ missing: [], left: [] });
}

const users = [...usersOfOneHash(), "a", "b", "c"];

test("a user's predictions are found and erased whatever happens between, as in a list of them", () => {
  const user = fc.constantFrom(...users);
  const batch = fc.array(user, { minLength: 1, maxLength: 12 });
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant("append" as const), users: batch, isNoted: fc.boolean() }) },
    fc.record({ do: fc.constant("fail" as const), users: batch }),
    fc.record({ do: fc.constant("appendLate" as const), users: batch }),
    fc.record({ do: fc.constant("eraseUser" as const), user }),
    fc.record({ do: fc.constant("eraseBefore" as const), limit: fc.nat(8) }),
    fc.record({ do: fc.constantFrom("restartWriter" as const, "restartReader" as const) }),
  );
  let run = 0;
  let indexed = 0;
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const scene = createScene(`steps-${run++}.db`, 8);
      let model: { seq: number; user: string; time: number }[] = [];
      let last = 0;
      for (const [time, step] of steps.entries()) {
        if (step.do === "append" || step.do === "appendLate") {
          const first =
            step.do === "append"
              ? scene.append(step.users, { time, isNoted: step.isNoted })
              : scene.appendLate(step.users);
          expect(first).toBeGreaterThan(last);
          last = first + step.users.length - 1;
          const at = step.do === "append" ? time : 1000;
          model.push(...step.users.map((user, i) => ({ seq: first + i, user, time: at })));
        } else if (step.do === "fail") scene.fail(step.users);
        else if (step.do === "eraseUser") {
          expect(scene.predictions.eraseUser(step.user)).toBe(model.filter(({ user }) => user === step.user).length);
          model = model.filter(({ user }) => user !== step.user);
        } else if (step.do === "eraseBefore") {
          const gone = model.slice(0, step.limit).filter((row) => row.time < time - 2);
          expect(scene.predictions.eraseBefore(time - 2, step.limit)).toBe(gone.length);
          model = model.filter((row) => !gone.includes(row));
        } else scene[step.do]();
        if (step.do === "append" && !step.isNoted) continue;
        for (const user of users)
          expect(scene.predictions.latestOfUser(user)?.seq).toBe(model.findLast((row) => row.user === user)?.seq);
      }
      checkIndex(scene);
      indexed += scene.index.through();
      scene.close();
    }),
    { numRuns: 150, includeErrorInReport: true },
  );
  expect(indexed).toBeGreaterThan(0);
}, 60_000);

test("the index follows close behind, and what it has needs no memory", () => {
  const scene = createScene("many.db");
  const count = 4 * runLength;
  const userOf = (seq: number) => `user ${(seq * 7919) % 50_000}`;
  for (let seq = 1; seq <= count; seq += 64) scene.append(Array.from({ length: 64 }, (_, i) => userOf(seq + i)));
  expect(count - scene.index.through()).toBeLessThanOrEqual(2 * runLength);
  // One that was given up in the middle of a run goes on with whole runs of its length.
  scene.restartWriter();
  for (let i = 0; i < count; i += 64) scene.append(Array.from({ length: 64 }, (_, j) => `later ${i + j}`));
  expect(2 * count - scene.index.through()).toBeLessThanOrEqual(2 * runLength);
  for (let seq = count - 49_999; seq <= count; seq += 997)
    expect(scene.predictions.latestOfUser(userOf(seq))?.seq).toBe(seq);
  checkIndex(scene);
  scene.close();
}, 60_000);

test("every database has a seed of its own", () => {
  const seeds = [0, 1].map(() => {
    const database = openDatabase(":memory:");
    const row = database.query("SELECT value FROM state WHERE name = 'predictions.userSeed'").get();
    database.close();
    return Number((row as { value: string }).value);
  });
  for (const seed of seeds) expect(seed).toBeWithin(0, 2 ** 32);
  expect(seeds[0]).not.toBe(seeds[1]);
});

test("predictions of an earlier program are put into the index, what was erased of them is not", () => {
  const scene = createScene("backlog.db");
  const count = 2.5 * runLength;
  const rows = Array.from({ length: count }, (_, i) => predictionOf(`user ${i % 1000}`));
  inTransaction(scene.database, () => scene.predictions.append(rows));
  expect(scene.predictions.eraseUser("user 7")).toBe(Math.ceil((count - 7) / 1000));
  scene.index.writeBacklog();
  expect(scene.index.through()).toBeGreaterThan(count - runLength);
  checkIndex(scene);
  scene.restartReader();
  expect(scene.predictions.latestOfUser("user 7")).toBeNull();
  expect(scene.predictions.latestOfUser("user 8")?.seq).toBe(Math.floor((count - 9) / 1000) * 1000 + 9);
  scene.close();
}, 60_000);

test("a backlog that cannot be written says who is in the way, and is written the next time", () => {
  const scene = createScene("locked.db");
  const rows = Array.from({ length: runLength }, (_, i) => predictionOf(`user ${i}`));
  inTransaction(scene.database, () => scene.predictions.append(rows));
  const other = openWriter(join(folder.path, "locked.db"));
  other.exec("BEGIN IMMEDIATE");
  scene.database.exec("PRAGMA busy_timeout = 0");
  expect(() => scene.index.writeBacklog()).toThrow("another program keeps the database locked");
  other.exec("ROLLBACK");
  other.close();
  scene.index.writeBacklog();
  expect(scene.index.through()).toBe(runLength);
  scene.close();
});
