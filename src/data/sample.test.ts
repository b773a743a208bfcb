import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LabelledCustomer } from "../customer.ts";
import { runCommandFile, temporaryFolder } from "../testing/service-process.ts";
import { openDataset } from "./ingest.ts";
import { writeSample } from "./sample.ts";
import { generate } from "./synthetic.ts";

const folder = temporaryFolder();
const file = join(folder.path, "raw", "sample.csv");
const options = { rows: 20_000, seed: 1 };
let rate: number;

beforeAll(() => {
  rate = writeSample(file, options, () => {});
});
afterAll(() => folder.remove());

describe("a written sample", () => {
  test("has the columns of the real file, in its order", () => {
    expect(readFileSync(file, "utf8").split("\n", 1)[0]).toBe(
      "user_id,REGION,TENURE,MONTANT,FREQUENCE_RECH,REVENUE,ARPU_SEGMENT,FREQUENCE,DATA_VOLUME,ON_NET,ORANGE,TIGO,ZONE1,ZONE2,MRG,REGULARITY,TOP_PACK,FREQ_TOP_PACK,CHURN",
    );
  });

  test("is read back as it was made: every held-out customer, missing fields and tabs included", async () => {
    const made = new Map([...generate(options)].map((labelled) => [labelled.customer.user_id, labelled]));
    const dataset = await openDataset(file, { fractions: { train: 0.1, validation: 0.1, holdout: 0.8 } });
    const read: LabelledCustomer[] = [];
    for await (const batch of dataset.replayCustomers(options.rows)) read.push(...batch);
    expect([dataset.rows, dataset.warnings]).toEqual([options.rows, []]);
    dataset.close();
    expect(read.length).toBeGreaterThan(0.75 * options.rows);
    for (const labelled of read) expect(labelled).toEqual(made.get(labelled.customer.user_id) as LabelledCustomer);
    expect(read.some(({ customer }) => customer.top_pack?.includes("\t"))).toBe(true);
  });

  test("has the share of churners that it tells", () => {
    const labels = [...generate(options)].map(({ churned }) => churned);
    expect(rate).toBe(labels.filter(Boolean).length / options.rows);
  });

  test("cannot be written where a folder cannot be made, and leaves nothing", () => {
    const blocked = join(folder.path, "a-file");
    writeFileSync(blocked, "");
    expect(() => writeSample(join(blocked, "sample.csv"), { rows: 1, seed: 1 }, () => {})).toThrow("--out");
    expect(statSync(blocked).size).toBe(0);
    expect(readdirSync(join(folder.path, "raw"))).toEqual(["sample.csv"]);
  });
});

describe("bun run data:sample", () => {
  const sample = (arguments_: string[]) => runCommandFile("data/sample.ts", arguments_, { DATA_DIR: folder.path });

  test("writes to the data directory, the same for the same seed", async () => {
    const first = await sample(["--rows", "300"]);
    expect([first.code, first.stderr]).toEqual([0, ""]);
    expect(first.stdout).toContain(`${file}: 300 synthetic customers`);
    const other = join(folder.path, "other.csv");
    await sample(["--rows", "300", "--out", other]);
    expect(readFileSync(other, "utf8")).toBe(readFileSync(file, "utf8"));
    await sample(["--rows", "300", "--out", other, "--seed", "2"]);
    expect(readFileSync(other, "utf8")).not.toBe(readFileSync(file, "utf8"));
  });

  test("explains itself", async () => {
    const { code, stdout } = await sample(["--help"]);
    expect([code, stdout]).toEqual([0, expect.stringContaining("--seed <n>")]);
  });

  test.each([
    ["no rows", ["--rows", "0"], 64, "whole number from 1"],
    ["an unknown option", ["--row", "3"], 64, "unknown option"],
    ["a place that cannot be written to", ["--out", "/dev/null/sample.csv"], 69, "choose another place with --out"],
  ])("ends with a clear line for %s", async (_, arguments_, code, message) => {
    const finished = await sample(arguments_);
    expect([finished.code, finished.stderr]).toEqual([code, expect.stringContaining(message)]);
    expect(finished.stderr).not.toContain("    at ");
    expect(existsSync("/dev/null/sample.csv")).toBe(false);
  });
});
