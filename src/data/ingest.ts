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
        await connection.run(`CREATE TABLE kept AS SELECT * FROM customers WHERE split = '${split}' ORDER BY row`);
        await connection.run("DROP TABLE customers");
        await connection.run("ALTER TABLE kept RENAME TO customers");
      },
      replayCustomers: (limit) => readReplay(connection, limit),
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
  const columns = [
    `(${isChurn})::UTINYINT`,
    ...numericNames.map((name) => `coalesce(${name}, 'NaN'::FLOAT)`),
    ...categoricalNames.map((name) => `coalesce(enum_code(${name}::levels_of_${name})::INTEGER, -1)`),
  ];
  const result = await connection.stream(`SELECT ${columns.join(", ")} FROM customers WHERE ${condition} ORDER BY row`);
  let start = 0;
  for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
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
  const result = await connection.stream(
    `SELECT (${positionExpression("user_id")})::INTEGER FROM customers ORDER BY row`,
  );
  let start = 0;
  for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    copy(chunk, 0, positions, start);
    start += chunk.rowCount;
  }
  return positions;
}

type Column = Uint8Array | Float32Array | Int32Array;

function copy(chunk: DuckDBDataChunk, column: number, into: Column, start: number): void {
  const vector = chunk.getColumnVector(column) as unknown as { items: Column };
  into.set(vector.items.subarray(0, chunk.rowCount), start);
}

async function* readReplay(connection: DuckDBConnection, limit: number): AsyncGenerator<LabelledCustomer[]> {
  const names = [...categoricalNames, ...numericNames];
  const result = await connection.stream(
    `SELECT user_id, (${isChurn})::UTINYINT AS churned, ${names.join(", ")} FROM customers WHERE split = 'holdout' ORDER BY ${replayOrder("user_id")} LIMIT ${limit}`,
  );
  for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    yield chunk.getRows().map(([userId, churned, ...values]): LabelledCustomer => {
      const fields = names.flatMap((name, i) => (values[i] === null ? [] : [[name, values[i]]]));
      return {
        customer: { user_id: String(userId), ...Object.fromEntries(fields) } as Customer,
        churned: churned === 1,
      };
    });
  }
}
