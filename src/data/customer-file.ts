import { existsSync, statSync } from "node:fs";
import { basename } from "node:path";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { parse } from "csv-parse/sync";
import { columnOf, fieldNames, ignoredColumns, targetColumn, userIdColumn } from "../customer.ts";
import { AppError, messageOf } from "../errors.ts";

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
const blankIsNull = (column: string): string => `CASE WHEN trim(${column}, ' ') = '' THEN NULL ELSE ${column} END`;

// A path is taken for a pattern of names unless these stand in brackets.
const path = (file: string): string => literal(file.replaceAll(/[*?[]/g, "[$&]"));

/** How DuckDB reads a file: as an SQL table, with its columns by their names in upper case. */
interface Scan {
  table: string;
  columns: Map<string, string>;
}

async function scan(connection: DuckDBConnection, file: string): Promise<Scan> {
  if (/\.parquet$/i.test(file)) {
    const table = `read_parquet(${path(file)})`;
    const described = (await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${table}`)).getRowObjects();
    return {
      table,
      columns: byUpperCase(
        file,
        described.map(({ column_name: name }) => String(name)),
        quoted,
      ),
    };
  }
  const common = `auto_detect = false, max_line_size = 1000000${/\.gz$/i.test(file) ? ", compression = 'gzip'" : ""}`;
  const [first] = (
    await connection.runAndReadAll(
      `SELECT line FROM read_csv(${path(file)}, columns = {line: 'VARCHAR'}, header = false, delim = '\x1f', quote = '', escape = '', ${common}) LIMIT 1`,
    )
  ).getRowObjects();
  const [header = []] = parse(String(first?.line ?? "")) as string[][];
  // Told rather than guessed: a guess from the rows would hide which of them is wrong.
  const columns = header.map((_, i) => `column${i}: 'VARCHAR'`).join(", ");
  return {
    table: `read_csv(${path(file)}, columns = {${columns}}, header = true, delim = ',', quote = '"', escape = '"', nullstr = '', ${common})`,
    columns: byUpperCase(file, header, (_, i) => `column${i}`),
  };
}

function byUpperCase(
  file: string,
  names: readonly string[],
  sql: (name: string, i: number) => string,
): Map<string, string> {
  const columns = new Map<string, string>();
  for (const [i, name] of names.entries()) {
    const upper = name.trim().toUpperCase() || `(column ${i + 1})`;
    if (columns.has(upper)) throw new AppError("invalid_data", `${file} has the column ${upper} twice`);
    columns.set(upper, sql(name, i));
  }
  return columns;
}

/** A file of customers that is read as it streams. */
export interface OpenFile {
  connection: DuckDBConnection;
  name: string;
  warnings: string[];
  /** SQL: what stands behind FROM, and the text of a column by its name in upper case: as it is, and null when blank. */
  table: string;
  raw(column: string): string;
  text(column: string): string;
  close(): void;
}

export interface FileOptions {
  /** Whether the file must have the CHURN column. */
  labelled: boolean;
  threads?: number;
  /** What DuckDB may take, as `256MB`. */
  memory?: string;
}

/**
 * Opens a CSV (plain or gzipped) or Parquet file without reading its rows. Column names may be in any case and order.
 * @throws AppError `not_found` or `invalid_data`, with what to do.
 */
export async function openFile(file: string, { labelled, threads = 2, memory }: FileOptions): Promise<OpenFile> {
  if (!existsSync(file))
    throw new AppError(
      "not_found",
      `${file} does not exist: name a CSV or Parquet file, or make one with bun run data:sample`,
    );
  const stat = statSync(file);
  if (!stat.isFile()) throw new AppError("invalid_data", `${file} is not a file: name a CSV or Parquet file`);
  if (stat.size === 0) throw new AppError("invalid_data", `${file} is empty: it needs a header line and customers`);
  const instance = await DuckDBInstance.create(":memory:", {
    threads: String(threads),
    preserve_insertion_order: "true",
    ...(memory !== undefined && { memory_limit: memory }),
  });
  const connection = await instance.connect();
  const close = () => {
    connection.closeSync();
    instance.closeSync();
  };
  try {
    const { table, columns } = await scan(connection, file);
    const warnings = checkColumns(file, columns, labelled);
    const raw = (name: string): string => `CAST(${columns.get(name)} AS VARCHAR)`;
    const text = (name: string): string => blankIsNull(raw(name));
    return { connection, name: basename(file), warnings, table, raw, text, close };
  } catch (error) {
    close();
    throw unreadable(file, error);
  }
}

/** The error of a file that DuckDB cannot read. */
export function unreadable(file: string, error: unknown): AppError {
  if (error instanceof AppError) return error;
  return new AppError("invalid_data", `${file} cannot be read: ${faultOf(messageOf(error))}`, { cause: error });
}

/** What DuckDB found wrong, without the row that it quotes: customers do not belong into messages. */
function faultOf(message: string): string {
  const line = message.match(/CSV Error on Line: (\d+)/)?.[1];
  const cells = message.match(/Expected Number of Columns: (\d+) Found: (\d+)/);
  if (line && cells)
    return `line ${line} has ${Number(cells[2]) < Number(cells[1]) ? "fewer" : "more"} cells than the header`;
  if (line && message.includes("unterminated quote")) return `line ${line} opens a quote that is never closed`;
  if (line && message.includes("not utf-8")) return `line ${line} is not UTF-8: store the file in that encoding`;
  if (message.includes("invalid state"))
    return "its lines end in different ways, or a quote inside quotes is not doubled";
  if (line) return `line ${line} is not CSV with commas and double quotes`;
  return (message.split("\n").find((text) => text.trim() !== "") ?? "").slice(0, 400);
}

function checkColumns(file: string, columns: Map<string, string>, labelled: boolean): string[] {
  const needed = [userIdColumn, ...fieldNames.map(columnOf)];
  const missing = [...needed, ...(labelled ? [targetColumn] : [])].filter((name) => !columns.has(name));
  if (missing.length > 0) {
    throw new AppError(
      "invalid_data",
      `${file} lacks the column${missing.length > 1 ? "s" : ""} ${missing.join(", ")}: see data/README.md for the format`,
    );
  }
  const known = new Set([...needed, ...ignoredColumns, targetColumn]);
  const extra = [...columns.keys()].filter((name) => !known.has(name));
  return extra.length > 0 ? [`ignored the column${extra.length > 1 ? "s" : ""} ${extra.join(", ")}`] : [];
}
