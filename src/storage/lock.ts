import { Database } from "bun:sqlite";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { AppError, messageOf } from "../errors.ts";

/**
 * Claims a data directory for this process until `release` or the end of the process, however it ends:
 * the operating system drops the lock of a killed process, so no stale lock can remain.
 * @throws AppError `conflict` when another process serves from it, `unavailable` when it is not writable.
 */
export function lockDataDirectory(directory: string): { release(): void } {
  let database: Database | undefined;
  try {
    mkdirSync(directory, { recursive: true });
    database = new Database(join(directory, "service.lock"), { create: true });
    database.exec("PRAGMA busy_timeout = 0; PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE");
  } catch (error) {
    database?.close();
    if ((error as { code?: string }).code === "SQLITE_BUSY") {
      throw new AppError(
        "conflict",
        `another service already runs on the data directory ${directory}: stop it, or set DATA_DIR to another folder`,
      );
    }
    throw new AppError("unavailable", `the data directory ${directory} is not writable: ${messageOf(error)}`, {
      cause: error,
    });
  }
  const held = database;
  return { release: () => held.close() };
}
