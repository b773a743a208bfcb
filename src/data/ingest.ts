import type { DuckDBConnection, DuckDBDataChunk } from "@duckdb/node-api";
import {
  type CategoricalName,
  type Customer,
  categoricalNames,
  type LabelledCustomer,
  type NumericName,
  numericNames,
} from "../customer.ts";
import { AppError } from "../errors.ts";
import { type Column, cellsOf, chunksOf } from "./chunk.ts";
import { enumerateLevels, openSource } from "./source.ts";
import {
  defaultFractions,
  type Fractions,
  positionExpression,
  replayOrder,
  type Split,
  splitExpression,
} from "./split.ts";
import type { LabelledTable } from "./table.ts";

export interface DatasetOptions {
  /** Reads only that many rows. */
  rows?: number | undefined;
  fractions?: Fractions;
}

/** Every customer of a data set, and where the hash of the id puts each: 0 … {@link positionSteps} − 1. */
export interface DatasetRows {
  table: LabelledTable;
  positions: Int32Array;
}

export interface Dataset {
  /** The file's name without its folder. */
  name: string;
  rows: number;
  warnings: readonly string[];
  read(split: Split): Promise<LabelledTable>;
  readAll(): Promise<DatasetRows>;
  /** Gives up the rows of the other splits, and the memory that they take. */
  keepOnly(split: Split): Promise<void>;
  /** At most `limit` held-out customers, sampled and ordered by a hash of their id, in batches. */
  replayCustomers(limit: number): AsyncGenerator<LabelledCustomer[]>;
  close(): void;
}

const sumOf = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);
const isChurn = "churn IN ('1', '1.0', 'true')";

/**
 * Reads labelled customers (CSV, gzipped CSV or Parquet) and splits them by a hash of the user id.
 * @throws AppError `not_found` or `invalid_data`: what is wrong, in which row, and what to do.
 */
export async function openDataset(
  file: string,
  { rows, fractions = defaultFractions }: DatasetOptions = {},
): Promise<Dataset> {
  const computed = { split: splitExpression("user_id", fractions) };
  const source = await openSource(file, { labelled: true, rows, computed });
  const { connection, name, warnings, close } = source;
  try {
    const levels = await enumerateLevels(connection);
    const counts = await classCounts(connection, file);
    return {
      name,
      rows: sumOf([...counts.values()].flat()),
      warnings,
      read: (split) => readTable(connection, `split = '${split}'`, sumOf(counts.get(split) ?? []), levels),
      async readAll() {
        const rows = sumOf([...counts.values()].flat());
        return {
          table: await readTable(connection, "true", rows, levels),
          positions: await readPositions(connection, rows),
        };
      },
      async keepOnly(split) {
        await connection.run(`CREATE TABLE kept AS SELECT * FROM customers WHERE split = '${split}'`);
        await connection.run("DROP TABLE customers");
        await connection.run("ALTER TABLE kept RENAME TO customers");
      },
      replayCustomers: (limit) => readReplay(connection, limit, levels),
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

async function classCounts(connection: DuckDBConnection, file: string): Promise<Map<Split, [number, number]>> {
  const found = await connection.runAndReadAll(
    `SELECT split, sum((NOT (${isChurn}))::INT) AS stayed, sum((${isChurn})::INT) AS churned FROM customers GROUP BY split`,
  );
  const counts = new Map<Split, [number, number]>();
  for (const row of found.getRowObjects()) counts.set(row.split as Split, [Number(row.stayed), Number(row.churned)]);
  const all = [...counts.values()];
  const total = (c: 0 | 1): number => all.reduce((sum, count) => sum + count[c], 0);
  if (total(0) === 0 || total(1) === 0) {
    throw new AppError(
      "invalid_data",
      `${file} has only customers who ${total(0) === 0 ? "churned" : "stayed"}: a model needs both`,
    );
  }
  for (const split of ["train", "validation", "holdout"] as const) {
    const [stayed, churned] = counts.get(split) ?? [0, 0];
    if (stayed === 0 || churned === 0) {
      throw new AppError(
        "invalid_data",
        `${file} has too few customers: the ${split} part got ${stayed} who stayed and ${churned} who churned`,
      );
    }
  }
  return counts;
}

/** The target, the amounts (NaN for missing) and the codes of the levels (−1 for missing), as they lie in typed arrays. */
const valueColumns = [
  `(${isChurn})::UTINYINT`,
  ...numericNames.map((name) => `coalesce(${name}, 'NaN'::FLOAT)`),
  ...categoricalNames.map((name) => `coalesce(enum_code(${name}::levels_of_${name})::INTEGER, -1)`),
];

async function readTable(
  connection: DuckDBConnection,
  condition: string,
  rows: number,
  levels: Record<CategoricalName, readonly string[]>,
): Promise<LabelledTable> {
  const numeric = Object.fromEntries(numericNames.map((name) => [name, new Float32Array(rows)])) as Record<
    NumericName,
    Float32Array
  >;
  const categorical = Object.fromEntries(
    categoricalNames.map((name) => [name, { levels: levels[name], codes: new Int32Array(rows) }]),
  ) as LabelledTable["categorical"];
  const churned = new Uint8Array(rows);
  // DuckDB keeps the order of the table, so that no sort is needed, which would take room for a copy of it all.
  const query = `SELECT ${valueColumns.join(", ")} FROM customers WHERE ${condition}`;
  let start = 0;
  for await (const chunk of chunksOf(connection, query)) {
    copy(chunk, 0, churned, start);
    numericNames.forEach((name, i) => void copy(chunk, 1 + i, numeric[name], start));
    categoricalNames.forEach(
      (name, i) => void copy(chunk, 1 + numericNames.length + i, categorical[name].codes, start),
    );
    start += chunk.rowCount;
  }
  return { rows, numeric, categorical, churned };
}

async function readPositions(connection: DuckDBConnection, rows: number): Promise<Int32Array> {
  const positions = new Int32Array(rows);
  const query = `SELECT (${positionExpression("user_id")})::INTEGER FROM customers`;
  let start = 0;
  for await (const chunk of chunksOf(connection, query)) {
    copy(chunk, 0, positions, start);
    start += chunk.rowCount;
  }
  return positions;
}

function copy(chunk: DuckDBDataChunk, column: number, into: Column, start: number): void {
  into.set(cellsOf(chunk, column), start);
}

async function* readReplay(
  connection: DuckDBConnection,
  limit: number,
  levels: Record<CategoricalName, string[]>,
): AsyncGenerator<LabelledCustomer[]> {
  const query = `SELECT ${valueColumns.join(", ")}, user_id FROM customers WHERE split = 'holdout' ORDER BY ${replayOrder("user_id")} LIMIT ${limit}`;
  for await (const chunk of chunksOf(connection, query)) yield customersOf(chunk, levels);
}

/** The customers of a chunk of the value columns and the user id. A field that is missing is absent. */
function customersOf(chunk: DuckDBDataChunk, levels: Record<CategoricalName, string[]>): LabelledCustomer[] {
  const churned = cellsOf(chunk, 0);
  const amounts = numericNames.map((_, i) => cellsOf(chunk, 1 + i));
  const codes = categoricalNames.map((_, i) => cellsOf(chunk, 1 + numericNames.length + i));
  const ids = chunk.getColumnVector(valueColumns.length);
  return Array.from(churned, (label, row) => {
    const customer: Customer = { user_id: String(ids.getItem(row)) };
    for (const [i, name] of categoricalNames.entries()) {
      const level = levels[name][codes[i]?.[row] as number];
      if (level !== undefined) customer[name] = level;
    }
    for (const [i, name] of numericNames.entries()) {
      const amount = amounts[i]?.[row] as number;
      if (!Number.isNaN(amount)) customer[name] = amount;
    }
    return { customer, churned: label === 1 };
  });
}
