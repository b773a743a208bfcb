import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { defaultFractions, type Fractions, replayOrder, splitExpression } from "./split.ts";

const ids = Array.from({ length: 20_000 }, (_, i) => `id-${i}`);
let instance: DuckDBInstance;
let connection: DuckDBConnection;

beforeAll(async () => {
  instance = await DuckDBInstance.create(":memory:");
  connection = await instance.connect();
  await connection.run(`CREATE TABLE users AS SELECT 'id-' || i AS id, i FROM range(${ids.length}) AS numbers(i)`);
});
afterAll(() => {
  connection.closeSync();
  instance.closeSync();
});

async function splitOf(fractions: Fractions): Promise<string[]> {
  const found = await connection.runAndReadAll(`SELECT ${splitExpression("id", fractions)} FROM users ORDER BY i`);
  return found.getRows().map(([split]) => String(split));
}

const share = (splits: readonly string[], name: string): number =>
  splits.filter((split) => split === name).length / splits.length;

describe("the split by user id", () => {
  test("has the shares asked for", async () => {
    for (const fractions of [defaultFractions, { train: 0.1, validation: 0.7, holdout: 0.2 }]) {
      const splits = await splitOf(fractions);
      for (const [name, fraction] of Object.entries(fractions))
        expect(Math.abs(share(splits, name) - fraction)).toBeLessThan(0.012);
    }
  });

  test("is that of the low eight bytes of the MD5, little end first", async () => {
    const expected = ids.map((id) => {
      const position = createHash("md5").update(id).digest().readBigUInt64LE(8) % 1_000_000n;
      return position < 600_000n ? "train" : position < 800_000n ? "validation" : "holdout";
    });
    expect(await splitOf(defaultFractions)).toEqual(expected);
  });

  test("stays as it was, so that customers held out of old models stay held out", async () => {
    expect((await splitOf(defaultFractions)).slice(0, 8)).toEqual([
      "train",
      "holdout",
      "validation",
      "train",
      "train",
      "train",
      "validation",
      "train",
    ]);
  });

  test("keeps the train rows when the share of validation grows", async () => {
    const [before, after] = [
      await splitOf(defaultFractions),
      await splitOf({ train: 0.6, validation: 0.3, holdout: 0.1 }),
    ];
    before.forEach((split, i) => {
      if (split !== "holdout") expect(after[i]).toBe(split);
    });
  });

  test("does not tell the order of the replay", async () => {
    const found = await connection.runAndReadAll(
      `SELECT ${splitExpression("id", defaultFractions)} FROM users ORDER BY ${replayOrder("id")} LIMIT 5000`,
    );
    const first = found.getRows().map(([split]) => String(split));
    expect(Math.abs(share(first, "holdout") - 0.2)).toBeLessThan(0.025);
  });
});
