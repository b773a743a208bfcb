import { Database } from "bun:sqlite";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { AppError, messageOf } from "../errors.ts";

/** A claim that holds until `release` or the end of the process. */
export interface Lock {
  release(): void;
}

/**
 * Claims a data directory for this process until `release` or the end of the process, however it ends:
 * the operating system drops the lock of a killed process, so no stale lock can remain.
 * @throws AppError `conflict` when another process serves from it, `unavailable` when it is not writable.
 */
export function lockDataDirectory(directory: string): Lock {
  return claim(
    directory,
    "service.lock",
    `another service already runs on the data directory ${directory}: stop it, or set DATA_DIR to another folder`,
  );
}

/**
 * Claims the training of a data directory, as `lockDataDirectory` does: what an earlier training left half done can then be
 * told from what another one is writing.
 * @throws AppError `conflict` when another training runs on it, `unavailable` when it is not writable.
 */
export function lockTraining(directory: string): Lock {
  return claim(
    directory,
    "training.lock",
    `another training already runs on the data directory ${directory}: wait for its end, or train into another with --out`,
  );
}

function claim(directory: string, name: string, taken: string): Lock {
  let database: Database | undefined;
  try {
    mkdirSync(directory, { recursive: true });
    database = new Database(join(directory, name), { create: true });
    database.exec("PRAGMA busy_timeout = 0; PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE");
  } catch (error) {
    database?.close();
    if ((error as { code?: string }).code === "SQLITE_BUSY") throw new AppError("conflict", taken);
    throw new AppError("unavailable", `the data directory ${directory} is not writable: ${messageOf(error)}`, {
      cause: error,
    });
  }
  const held = database;
  return { release: () => held.close() };
}
