import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { parse } from "csv-parse/sync";
import { type Customer, columnOf, fields } from "../customer.ts";
import { openDataset } from "../data/ingest.ts";
import { generate } from "../data/synthetic.ts";
import type { LoadedModel } from "../models/registry.ts";
import { runCommandFile, temporaryFolder } from "../testing/service-process.ts";
import { loadSmallModel } from "../testing/small-model.ts";

const folder = temporaryFolder();
const DATA_DIR = join(folder.path, "data");
let model: LoadedModel;

const customers: Customer[] = [
  ...[...generate({ rows: 3000, seed: 21 })].map(({ customer }) => customer),
  { user_id: 'with "quotes", and a comma', region: "ATLANTIS", top_pack: "it's new" },
  { user_id: "nothing known" },
];
const cell = (value: unknown): string =>
  value === undefined || value === null ? "" : `"${String(value).replaceAll('"', '""')}"`;
const csv = [
  ["USER_ID", ...fields.map(({ name }) => columnOf(name))].join(","),
  ...customers.map((customer) => [cell(customer.user_id), ...fields.map(({ name }) => cell(customer[name]))].join(",")),
].join("\n");
const score = (file: string, ...options: string[]) =>
  runCommandFile("scoring/score.ts", [file, ...options], { DATA_DIR });
const input = (name: string, content: string | Uint8Array): string => {
  const file = join(folder.path, name);
  writeFileSync(file, content);
  return file;
};

beforeAll(async () => {
  model = await loadSmallModel(DATA_DIR);
}, 60_000);
afterAll(() => folder.remove());

interface Row {
  user_id: string;
  probability: string;
  churn: string;
  model_version: string;
}

describe("bun run score", () => {
  test("gives every customer, in order, what the service would answer", async () => {
    const { manifest, encode, session } = model;
    const width = manifest.features.length;
    const features = new Float32Array(customers.length * width);
    customers.forEach((customer, i) => void encode(customer, features, i * width));
    const served = await session.score(features, customers.length);
    for (const [name, content] of [
      ["customers.csv", csv],
      ["customers.csv.gz", gzipSync(csv)],
    ] as const) {
      const out = join(folder.path, `scored-${name}.csv`);
      const { code, stderr } = await score(input(name, content), "--out", out);
      expect([code, stderr]).toEqual([0, expect.stringContaining("3,002 customers scored")]);
      const rows = parse(await Bun.file(out).text(), { columns: true }) as Row[];
      expect(rows.map(({ user_id }) => user_id)).toEqual(customers.map(({ user_id }) => user_id));
      rows.forEach(({ probability, churn, model_version }, i) => {
        // With several threads the trees are summed in another order.
        expect(Math.abs(Number(probability) - (served[i] as number))).toBeLessThan(1e-6);
        expect(churn).toBe((served[i] as number) >= manifest.threshold ? "1" : "0");
        expect(model_version).toBe(manifest.version);
      });
    }
  });

  test("reads and writes Parquet", async () => {
    const first = join(folder.path, "first.parquet");
    const { code, stderr } = await score(input("plain.csv", csv), "--out", first);
    expect([code, stderr]).toEqual([0, expect.stringContaining("3,002")]);
    // A Parquet file of scores is no file of customers, and says so.
    const again = await score(first, "--out", join(folder.path, "second.csv"));
    expect(again.code).toBe(65);
    expect(again.stderr).toContain("lacks the columns");
  });

  test.each([
    [
      "a cell that is no number",
      csv.replace(/\n("[^"]+"),[^\n]*\n/, '\n$1,"DAKAR","K","many",,,,,,,,,,,,,\n'),
      "MONTANT",
    ],
    ["a blank user id", `${csv}\n,${fields.map(() => "").join(",")}`, "data row 3003: USER_ID is blank"],
    ["a header alone", csv.split("\n")[0] as string, "no customers"],
    ["a column too few", csv.replaceAll("REGULARITY", "REGULAR"), "lacks the column REGULARITY"],
  ])("refuses %s, and leaves no file", async (_, content, message) => {
    const out = join(folder.path, "refused.csv");
    const { code, stderr } = await score(input("bad.csv", content), "--out", out);
    expect(code).toBe(65);
    expect(stderr).toStartWith("error: ");
    expect(stderr).toContain(message);
    expect(existsSync(out)).toBe(false);
    expect(readdirSync(folder.path).filter((name) => name.includes(".writing-"))).toEqual([]);
  });

  test("says what is wrong with a file, a version or a place that is not there", async () => {
    const file = input("fine.csv", csv);
    for (const [parameters, code, message] of [
      [[join(folder.path, "none.csv"), "--out", "x.csv"], 66, "does not exist"],
      [[file, "--out", join(folder.path, "x.csv"), "--model", "nobody"], 66, "no model version nobody"],
      [[file, "--out", join(file, "x.csv")], 69, "cannot write"],
      [[file], 64, "--out"],
    ] as const) {
      const result = await runCommandFile("scoring/score.ts", [...parameters], { DATA_DIR });
      expect([result.code, result.stderr]).toEqual([code, expect.stringContaining(message)]);
    }
  });

  test("streams what training reads", async () => {
    const dataset = await openDataset(join(DATA_DIR, "raw", "sample.csv"));
    const out = join(folder.path, "all.csv");
    expect((await score(join(DATA_DIR, "raw", "sample.csv"), "--out", out)).code).toBe(0);
    expect((parse(await Bun.file(out).text(), { columns: true }) as Row[]).length).toBe(dataset.rows);
    dataset.close();
  });
});
