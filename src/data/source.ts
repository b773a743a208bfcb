import type { DuckDBConnection } from "@duckdb/node-api";
import {
  type CategoricalName,
  categoricalNames,
  columnOf,
  numericNames,
  targetColumn,
  userIdColumn,
} from "../customer.ts";
import { AppError } from "../errors.ts";
import { type FileOptions, literal, type OpenFile, openFile, unreadable } from "./customer-file.ts";

/** A file of customers, read into an in-process DuckDB of its own. */
export type Source = Pick<OpenFile, "connection" | "name" | "warnings" | "close">;

export interface SourceOptions extends Omit<FileOptions, "memory"> {
  /** Reads only that many rows. */
  rows?: number | undefined;
  /** Further columns of the table by name, as SQL of those before them. */
  computed?: Record<string, string>;
}

/**
 * Opens a file as the table `customers`, in the order of the file: `user_id`, every field of a customer (amounts as FLOAT), and
 * `churn` when labelled. DuckDB's `rowid` counts its rows from 0; numbering them in the query would read on one thread.
 * @throws AppError `not_found` or `invalid_data`, with what to do.
 */
export async function openSource(
  file: string,
  { labelled, rows, threads = 2, computed = {} }: SourceOptions,
): Promise<Source> {
  const opened = await openFile(file, { labelled, threads });
  try {
    await load(opened, { labelled, rows, computed });
    await checkRows(opened.connection, file, labelled);
    return opened;
  } catch (error) {
    opened.close();
    throw unreadable(file, error);
  }
}

async function load(
  { connection, table, text, raw }: OpenFile,
  { labelled, rows, computed = {} }: SourceOptions,
): Promise<void> {
  // A cell that is not a number becomes NaN, which no cell may say: found and named by checkRows. Only cells without a number
  // are looked at again, whether they are blank.
  const amount = (name: string): string => {
    const cell = raw(name);
    return `coalesce(try_cast(${cell} AS FLOAT), CASE WHEN trim(${cell}) <> '' THEN 'NaN'::FLOAT END)`;
  };
  const selected = [
    `${text(userIdColumn)} AS user_id`,
    ...categoricalNames.map((name) => `${text(columnOf(name))} AS ${name}`),
    ...numericNames.map((name) => `${amount(columnOf(name))} AS ${name}`),
    ...(labelled ? [`trim(${text(targetColumn)}) AS churn`] : []),
    ...Object.entries(computed).map(([name, expression]) => `${expression} AS ${name}`),
  ];
  const limit = rows === undefined ? "" : `LIMIT ${rows}`;
  await connection.run(`CREATE TABLE customers AS SELECT ${selected.join(", ")} FROM ${table} ${limit}`);
}

async function checkRows(connection: DuckDBConnection, file: string, labelled: boolean): Promise<void> {
  const first = async (condition: string, value: string) => {
    const found = await connection.runAndReadAll(
      `SELECT rowid + 1 AS row, ${value} AS value FROM customers WHERE ${condition} LIMIT 1`,
    );
    const [row] = found.getRowObjects();
    return row ? { row: Number(row.row), value: row.value } : null;
  };
  const refuse = (row: number, message: string): never => {
    throw new AppError("invalid_data", `${file}, data row ${row}: ${message}`, {
      flaws: [{ path: `row ${row}`, message }],
    });
  };
  const [count] = (await connection.runAndReadAll("SELECT count(*) AS rows FROM customers")).getRowObjects();
  if (Number(count?.rows) === 0) throw new AppError("invalid_data", `${file} has a header but no customers`);
  const nobody = await first("user_id IS NULL", "NULL");
  if (nobody) refuse(nobody.row, `${userIdColumn} is blank`);
  for (const name of ["user_id", ...categoricalNames]) {
    const cell = await first(`contains(${name}, chr(0))`, "NULL");
    if (cell) refuse(cell.row, `${name.toUpperCase()} has a NUL character in it`);
  }
  const faults = numericNames.map((name) => `isnan(${name}) OR isinf(${name}) OR ${name} < 0`);
  const faulty = await first(faults.map((fault) => `(${fault})`).join(" OR "), "NULL");
  if (faulty) {
    for (const [i, name] of numericNames.entries()) {
      const cell = await first(`rowid + 1 = ${faulty.row} AND (${faults[i]})`, name);
      if (cell) refuse(faulty.row, `${columnOf(name)} must be a number that is not negative, or blank for missing`);
    }
  }
  const duplicate = (
    await connection.runAndReadAll(
      // Few ids share a hash, and a hash takes a fifth of the room of an id.
      `SELECT user_id, max(rowid) + 1 AS row FROM customers
       WHERE hash(user_id) IN (SELECT hash(user_id) FROM customers GROUP BY 1 HAVING count(*) > 1)
       GROUP BY user_id HAVING count(*) > 1 ORDER BY row LIMIT 1`,
    )
  ).getRowObjects()[0];
  if (duplicate)
    refuse(Number(duplicate.row), `the user id ${duplicate.user_id} occurs twice: keep one row for each customer`);
  if (labelled) {
    const odd = await first("churn IS NULL OR churn NOT IN ('0', '1', '0.0', '1.0', 'true', 'false')", "churn");
    if (odd) refuse(odd.row, `${targetColumn} must be 0 or 1, not "${odd.value ?? ""}"`);
  }
}

/** Gives every categorical column an enumeration type of its levels, so that columns are read as codes. */
export async function enumerateLevels(connection: DuckDBConnection): Promise<Record<CategoricalName, string[]>> {
  const levels: Partial<Record<CategoricalName, string[]>> = {};
  for (const name of categoricalNames) {
    const found = await connection.runAndReadAll(
      `SELECT DISTINCT ${name} AS level FROM customers WHERE ${name} IS NOT NULL ORDER BY 1`,
    );
    levels[name] = found.getRowObjects().map(({ level }) => String(level));
    // An enumeration cannot be empty; a column without any value has one level that no row has.
    const declared = levels[name].length > 0 ? levels[name] : [""];
    await connection.run(`CREATE TYPE levels_of_${name} AS ENUM (${declared.map(literal).join(", ")})`);
  }
  return levels as Record<CategoricalName, string[]>;
}
