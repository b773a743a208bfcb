import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { z } from "zod";
import { temporaryFolder } from "../testing/service-process.ts";
import { anyPrediction, storePrediction } from "../testing/stored-prediction.ts";
import { predictionId, salts, seqOf } from "./prediction-id.ts";
import { openStores } from "./stores.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());

test("an id is a UUIDv7 of its time that ends with its number, and another with another salt", () => {
  const parts = fc.tuple(
    fc.integer({ min: 1, max: 2 ** 48 - 1 }),
    fc.nat({ max: 2 ** 45 }),
    fc.nat({ max: salts - 1 }),
  );
  const property = fc.property(parts, ([seq, time, salt]) => {
    const id = predictionId(seq, time, salt);
    expect(z.uuidv7().safeParse(id).success).toBe(true);
    expect(Number.parseInt(id.replace("-", "").slice(0, 12), 16)).toBe(time);
    expect(seqOf(id)).toBe(seq);
    expect(predictionId(seq, time, (salt + 1) % salts)).not.toBe(id);
  });
  fc.assert(property, { seed: 1, numRuns: 500 });
});

test("nothing is found by a text that is no id, or the id of another number, time or salt", () => {
  const { predictions, close } = openStores(":memory:");
  const row = { ...anyPrediction, userId: "a", modelVersion: "m", predictedAt: 1000 };
  const { id } = storePrediction(predictions, row);
  const second = storePrediction(predictions, { ...row, salt: 7 });
  expect(predictions.byId(id)?.seq).toBe(1);
  expect(predictions.byId(second.id)?.seq).toBe(2);
  const others = [
    "",
    "1",
    "x".repeat(36),
    id.toUpperCase(),
    `${id}0`,
    `${id} `,
    predictionId(1, 1000, 7),
    predictionId(2, 1000, 0),
  ];
  for (const other of [
    ...others,
    predictionId(1, 1001, 0),
    predictionId(3, 1000, 0),
    `${id.slice(0, 24)}ffffffffffffffffffff`,
  ])
    expect(predictions.byId(other)).toBeNull();
  close();
});

test("predictions of before ids had numbers are found by their ids, and these go with them", () => {
  const path = join(folder.path, "before.db");
  const before = new Database(path, { create: true });
  before.exec(readFileSync(join(import.meta.dir, "fixtures/schema-0004.sql"), "utf8"));
  // Ends with the number of the other one.
  const ids = ["019b0000-0000-7000-8000-000000000002", "019b0000-0000-7abc-8def-0123456789ab"];
  before.run("UPDATE predictions SET id = seq");
  for (const [i, id] of ids.entries()) before.run("UPDATE predictions SET id = ? WHERE seq = ?", [id, i + 1]);
  before.close();
  const { database, predictions, labels, close } = openStores(path);
  expect(ids.map((id) => predictions.byId(id)?.userId)).toEqual(["asked", "held-out"]);
  expect(labels.get(1)).not.toBeNull();
  expect(predictions.eraseUser("asked")).toBe(1);
  expect(ids.map((id) => predictions.byId(id)?.userId)).toEqual([undefined, "held-out"]);
  expect(labels.get(1)).toBeNull();
  expect(database.query("SELECT id FROM unnumbered_predictions").all()).toEqual([{ id: ids[1] }]);
  const next = storePrediction(predictions, { ...anyPrediction, userId: "b", modelVersion: "m", predictedAt: 1000 });
  expect([next.seq, predictions.byId(next.id)?.userId]).toEqual([3, "b"]);
  expect(predictions.eraseUser("b")).toBe(1);
  const after = storePrediction(predictions, { ...anyPrediction, userId: "c", modelVersion: "m", predictedAt: 1000 });
  expect(after.seq, "a number is not given again").toBe(4);
  close();
});
