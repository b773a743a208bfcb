import { Database } from "bun:sqlite";
import { existsSync } from "node:fs";
import { AppError, messageOf } from "../errors.ts";
import { knownSchemaOf, makePrivate, openReader } from "./database.ts";

/**
 * Writes what a database holds at this moment to a new file, while others read and write it: one snapshot, which holds up no
 * writer (SQLite's VACUUM INTO).
 * @throws AppError `not_found` when there is no database, `unavailable` when it cannot be read or the file not be written.
 */
export function copyDatabase(path: string, copy: string): void {
  if (!existsSync(path)) throw new AppError("not_found", `there is no database ${path}: set DATA_DIR to its folder`);
  const database = openReader(path);
  try {
    makePrivate(copy);
    database.run("VACUUM INTO ?", [copy]);
  } catch (error) {
    throw new AppError("unavailable", `cannot copy ${path} to ${copy}: ${messageOf(error)}`, { cause: error });
  } finally {
    database.close();
  }
}

/**
 * Reads every page of a database file that nobody writes.
 * @returns how many predictions it holds.
 * @throws AppError `invalid_data` when it is damaged or not one of this service, `conflict` when a newer program migrated it.
 */
export function checkDatabase(path: string): { predictions: number } {
  try {
    const database = new Database(path, { readonly: true, strict: true });
    try {
      const { integrity_check: verdict } = database.query("PRAGMA integrity_check(1)").get() as {
        integrity_check: string;
      };
      if (verdict !== "ok") throw new Error(verdict);
      knownSchemaOf(database);
      const { count } = database.query("SELECT count(*) AS count FROM predictions").get() as { count: number };
      return { predictions: count };
    } finally {
      database.close();
    }
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError("invalid_data", `${path} is no undamaged database of this service: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
