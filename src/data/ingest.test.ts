import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { DuckDBInstance } from "@duckdb/node-api";
import { columnOf, fieldNames, type LabelledCustomer } from "../customer.ts";
import { labelledRealRows } from "../testing/real-rows.ts";
import { temporaryFolder } from "../testing/service-process.ts";
import { type Dataset, openDataset } from "./ingest.ts";
import type { LabelledTable } from "./table.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());

const header = ["user_id", ...fieldNames.map(columnOf), "MRG", "CHURN"];
let written = 0;

function write(content: string | Uint8Array, extension = "csv"): string {
  const file = join(folder.path, `${++written}.${extension}`);
  writeFileSync(file, content);
  return file;
}

/** A CSV of so many customers; `change` alters the cells of a row, by column. */
function makeCsv(rows: number, change: (cells: Record<string, string>, row: number) => void = () => {}): string {
  const lines = Array.from({ length: rows }, (_, row) => {
    const cells: Record<string, string> = Object.fromEntries(header.map((name) => [name, ""]));
    Object.assign(cells, {
      user_id: `id-${row}`,
      REGULARITY: String((row % 62) + 1),
      MRG: "NO",
      CHURN: row % 5 === 0 ? "1" : "0",
    });
    change(cells, row);
    return header.map((name) => cells[name]).join(",");
  });
  return `${[header.join(","), ...lines].join("\n")}\n`;
}

async function readAll(
  file: string,
): Promise<{ customers: LabelledCustomer[]; rows: number; warnings: readonly string[]; tables: LabelledTable[] }> {
  const dataset = await openDataset(file, { fractions: { train: 0.2, validation: 0.2, holdout: 0.6 } });
  const customers: LabelledCustomer[] = [];
  for await (const batch of dataset.replayCustomers(1e6)) customers.push(...batch);
  const tables = [await dataset.read("train"), await dataset.read("validation"), await dataset.read("holdout")];
  dataset.close();
  return { customers, rows: dataset.rows, warnings: dataset.warnings, tables };
}

/** Typed arrays compare by their bytes, and NaN has many. */
const plainArrays = ({ numeric, categorical, churned }: LabelledTable) => ({
  numeric: Object.values(numeric).map((values) => [...values]),
  categorical: Object.values(categorical).map(({ levels, codes }) => [...codes].map((code) => levels[code] ?? null)),
  churned: [...churned],
});

const refusal = async (file: string): Promise<string> => {
  let dataset: Dataset | undefined;
  try {
    dataset = await openDataset(file);
    return "accepted";
  } catch (error) {
    const message = (error as Error).message;
    expect((error as { code?: string }).code).toMatch(/invalid_data|not_found/);
    expect(message).not.toContain("\n");
    return message;
  } finally {
    dataset?.close();
  }
};

describe("a file of customers", () => {
  test("keeps blanks missing, tabs and quotes in text, and the values of numbers", async () => {
    const pack = "MIXT: 390F=04H;4h\t";
    const { customers } = await readAll(
      write(
        makeCsv(200, (cells) => {
          Object.assign(cells, { TOP_PACK: pack, REGION: '"a ""quoted"", region"', MONTANT: "4250.0", ZONE1: "0.0" });
        }),
      ),
    );
    expect(customers[0]?.customer).toMatchObject({
      top_pack: pack,
      region: 'a "quoted", region',
      montant: 4250,
      zone1: 0,
    });
    expect(customers[0]?.customer).not.toHaveProperty("tigo");
    expect(customers.length).toBeGreaterThan(60);
  });

  test("is the same as CRLF, with a BOM, gzipped, as Parquet, with columns in another order and case", async () => {
    const change = (cells: Record<string, string>, row: number) => {
      if (row % 3 === 0) Object.assign(cells, { REGION: "DAKAR", ORANGE: String(row) });
    };
    const csv = makeCsv(300, change);
    const plain = await readAll(write(csv));
    const reversed = csv
      .trimEnd()
      .split("\n")
      .map((line, i) => (i === 0 ? line.toLowerCase() : line).split(",").reverse().join(","))
      .join("\n");
    const parquet = join(folder.path, "customers.parquet");
    const instance = await DuckDBInstance.create(":memory:");
    const connection = await instance.connect();
    await connection.run(
      `COPY (SELECT * FROM read_csv('${write(csv)}', header = true)) TO '${parquet}' (FORMAT parquet)`,
    );
    instance.closeSync();
    for (const file of [
      write(csv.replaceAll("\n", "\r\n")),
      write(`\uFEFF${csv}`),
      write(gzipSync(csv), "csv.gz"),
      write(`${reversed}\n`),
      parquet,
    ]) {
      const other = await readAll(file);
      expect([file, other.customers]).toEqual([file, plain.customers]);
      expect(other.tables.map(plainArrays)).toEqual(plain.tables.map(plainArrays));
    }
  });

  test("may lack MRG and have other columns, which are named in a warning", async () => {
    const csv = makeCsv(200).replace(",MRG,", ",COLOUR,");
    expect((await readAll(write(csv))).warnings).toEqual(["ignored the column COLOUR"]);
  });

  test("is that one alone where its name looks like a pattern", async () => {
    write(
      makeCsv(200, (cells) => Object.assign(cells, { user_id: `other-${cells.user_id}` })),
      "1.csv",
    );
    const file = join(folder.path, "*.csv");
    writeFileSync(file, makeCsv(200));
    expect((await readAll(file)).rows).toBe(200);
  });

  test("is not quoted in what is said about its faults", async () => {
    const secret = "5f0c1d7e2ab9";
    const csv = makeCsv(50, (cells, row) => row === 7 && Object.assign(cells, { user_id: secret, TIGO: "1,5" }));
    expect(await refusal(write(csv))).not.toContain(secret);
  });

  test("has blanks for missing in text and amounts: nothing, nothing in quotes, or spaces", async () => {
    const blanks = ["", '""', "  ", '"  "'];
    const { customers } = await readAll(
      write(
        makeCsv(200, (cells, row) =>
          Object.assign(cells, { REGION: blanks[row % 4], TENURE: "J", ORANGE: blanks[row % 4] }),
        ),
      ),
    );
    for (const { customer } of customers)
      expect(Object.keys(customer).sort()).toEqual(["regularity", "tenure", "user_id"]);
  });

  test("goes into tables in the order of its rows", async () => {
    const { tables } = await readAll(
      write(makeCsv(9000, (cells, row) => Object.assign(cells, { MONTANT: String(row) }))),
    );
    for (const { numeric, churned } of tables) {
      expect([...numeric.montant]).toEqual([...numeric.montant].sort((a, b) => a - b));
      expect([...churned]).toEqual([...numeric.montant].map((row) => (row % 5 === 0 ? 1 : 0)));
    }
  });

  test("goes by column into tables: NaN and −1 are missing", async () => {
    const { tables, rows } = await readAll(
      write(makeCsv(300, (cells, row) => row % 2 === 0 && Object.assign(cells, { REGION: "THIES", TIGO: "3" }))),
    );
    const [table] = tables as [LabelledTable];
    expect(tables.reduce((sum, part) => sum + part.rows, 0)).toBe(rows);
    for (let i = 0; i < table.rows; i++) {
      const code = table.categorical.region.codes[i] as number;
      expect(code < 0 ? Number.NaN : 3).toEqual(table.numeric.tigo[i] as number);
      expect(table.categorical.region.levels[code]).toBe(code < 0 ? undefined : "THIES");
    }
  });

  test.each<[string, () => string, string]>([
    ["that does not exist", () => join(folder.path, "nothing.csv"), "does not exist"],
    ["that is a folder", () => folder.path, "is not a file"],
    ["that is empty", () => write(""), "is empty"],
    ["with a header alone", () => write(`${header.join(",")}\n`), "no customers"],
    ["without CHURN", () => write(makeCsv(50).replace(",CHURN", ",X")), "lacks the column CHURN"],
    ["without USER_ID", () => write(makeCsv(50).replace("user_id", "id")), "lacks the column USER_ID"],
    [
      "without fields",
      () => write(makeCsv(50).replace("MONTANT", "A").replace("TIGO", "B")),
      "lacks the columns MONTANT, TIGO",
    ],
    [
      "with another CHURN",
      () => write(makeCsv(50, (cells, row) => row === 6 && Object.assign(cells, { CHURN: "maybe" }))),
      "row 7: CHURN",
    ],
    [
      "with a CHURN that is not known",
      () => write(makeCsv(50, (cells, row) => row === 6 && Object.assign(cells, { CHURN: "" }))),
      'row 7: CHURN must be 0 or 1, not ""',
    ],
    ["with one class", () => write(makeCsv(50, (cells) => Object.assign(cells, { CHURN: "0" }))), "needs both"],
    ["with too few rows", () => write(makeCsv(4)), "too few"],
    [
      "with a negative amount",
      () => write(makeCsv(50, (cells, row) => row === 2 && Object.assign(cells, { ON_NET: "-1" }))),
      "row 3: ON_NET",
    ],
    [
      "with text in an amount",
      () => write(makeCsv(50, (cells, row) => row === 2 && Object.assign(cells, { TIGO: "many" }))),
      "row 3: TIGO",
    ],
    [
      "with a user twice",
      () => write(makeCsv(50, (cells, row) => row === 9 && Object.assign(cells, { user_id: "id-1" }))),
      "id-1 occurs twice",
    ],
    [
      "with a blank user",
      () => write(makeCsv(50, (cells, row) => row === 9 && Object.assign(cells, { user_id: "" }))),
      "row 10: USER_ID is blank",
    ],
    ["with a row cut short", () => write(makeCsv(50).slice(0, -8)), "line 51 has fewer cells than the header"],
    [
      "with a comma outside of quotes",
      () => write(makeCsv(50, (cells, row) => row === 2 && Object.assign(cells, { TIGO: "1,5" }))),
      "line 4 has more cells than the header",
    ],
    [
      "with an open quote",
      () => write(makeCsv(50, (cells, row) => row === 2 && Object.assign(cells, { REGION: '"DAKAR' }))),
      "line 4 opens a quote",
    ],
    ["in another encoding", () => write(Buffer.from(makeCsv(50).replace("NO", "\u00c8"), "latin1")), "is not UTF-8"],
    ["with a column twice", () => write(makeCsv(50).replace("MRG", "Region")), "has the column REGION twice"],
    [
      "with a NUL character",
      () => write(makeCsv(50, (cells, row) => row === 2 && Object.assign(cells, { TOP_PACK: "a\0b" }))),
      "row 3: TOP_PACK has a NUL",
    ],
    [
      "with an amount that is not finite",
      () => write(makeCsv(50, (cells, row) => row === 2 && Object.assign(cells, { REVENUE: "1e39" }))),
      "row 3: REVENUE",
    ],
    ["of damaged gzip", () => write(gzipSync(makeCsv(5000)).subarray(0, 3000), "csv.gz"), "cannot be read"],
    ["of damaged Parquet", () => write("PAR1 nonsense", "parquet"), "cannot be read"],
  ])("%s is refused with what to do", async (_, file, message) => {
    expect(await refusal(file())).toContain(message);
  });
});

describe("a data set", () => {
  test("has every customer in one part, held-out ones in an order that the file has no say in", async () => {
    const csv = makeCsv(5000);
    const lines = csv.trimEnd().split("\n");
    const turned = `${[lines[0], ...lines.slice(1).reverse()].join("\n")}\n`;
    const replayed: string[][] = [];
    for (const content of [csv, turned, makeCsv(10_000)]) {
      const dataset = await openDataset(write(content));
      const sizes = await Promise.all(
        (["train", "validation", "holdout"] as const).map(async (split) => (await dataset.read(split)).rows),
      );
      const users: string[] = [];
      for await (const batch of dataset.replayCustomers(1e6))
        users.push(...batch.map(({ customer }) => customer.user_id));
      dataset.close();
      expect(sizes.reduce((sum, size) => sum + size)).toBe(dataset.rows);
      expect(users.length).toBe(sizes[2] as number);
      replayed.push(users);
    }
    const [first, second, larger] = replayed as [string[], string[], string[]];
    expect(second).toEqual(first);
    const old = new Set(first);
    expect(larger.filter((user) => old.has(user))).toEqual(first);
    // Computed once with Python: those of id-0 … id-9999 whose int.from_bytes(md5(id)[8:], "little") % 10**6 >= 800000, ordered by the first 8 bytes.
    expect(larger.slice(0, 3)).toEqual(["id-3983", "id-2802", "id-1567"]);
  });

  test("can be a sample of the file: its first rows, and of them as many held out as asked for", async () => {
    const dataset = await openDataset(write(makeCsv(2000)), { rows: 500 });
    const users: string[] = [];
    for await (const batch of dataset.replayCustomers(40)) users.push(...batch.map(({ customer }) => customer.user_id));
    expect([dataset.rows, users.length]).toEqual([500, 40]);
    expect(users.every((user) => Number(user.slice(3)) < 500)).toBe(true);
    dataset.close();
  });
});

const hasRealRows = existsSync(labelledRealRows);
if (!hasRealRows) process.stderr.write("skipped: the real Expresso rows are not beside the project\n");

test.skipIf(!hasRealRows)("the real rows are read as they are", async () => {
  mkdirSync(folder.path, { recursive: true });
  const { tables, rows } = await readAll(labelledRealRows);
  const missing = (name: "montant" | "revenue"): number =>
    tables.reduce(
      (sum, table) => sum + table.numeric[name].reduce((count, value) => count + (Number.isNaN(value) ? 1 : 0), 0),
      0,
    );
  expect(rows).toBe(1049);
  expect(missing("montant") / rows).toBeCloseTo(0.35, 1);
  expect(missing("revenue")).toBeLessThanOrEqual(missing("montant"));
});
