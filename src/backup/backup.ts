import {
  accessSync,
  closeSync,
  constants,
  cpSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
} from "node:fs";
import { join } from "node:path";
import { AppError } from "../errors.ts";
import { checkDatabase, copyDatabase } from "../storage/backup.ts";
import { lockDataDirectory } from "../storage/lock.ts";

const databaseName = "service.db";
const modelsName = "models";

/** Waits until a file is on disk; a copy is only in memory at first. */
function sync(path: string): void {
  const file = openSync(path, "r+");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/**
 * Saves the database and the models of a data directory, also of a running service, to a new folder: all of it or nothing.
 * Models are copied after the database, so every version that it names is there.
 * @throws AppError `conflict` when the folder exists; those of copyDatabase.
 */
export function save(dataDirectory: string, folder: string): { predictions: number } {
  if (existsSync(folder)) throw new AppError("conflict", `${folder} exists: name a folder that does not`);
  const part = `${folder}.part`;
  rmSync(part, { recursive: true, force: true });
  mkdirSync(part, { recursive: true });
  try {
    copyDatabase(join(dataDirectory, databaseName), join(part, databaseName));
    sync(join(part, databaseName));
    const saved = checkDatabase(join(part, databaseName));
    const models = join(dataDirectory, modelsName);
    if (existsSync(models)) cpSync(models, join(part, modelsName), { recursive: true });
    renameSync(part, folder);
    return saved;
  } catch (error) {
    rmSync(part, { recursive: true, force: true });
    throw error;
  }
}

function checkReadable(file: string): void {
  try {
    accessSync(file, constants.R_OK);
  } catch (error) {
    const { code } = error as { code?: string };
    throw new AppError("unavailable", `${file} cannot be read (${code}): let this user read it, as by chmod -R go+rX`, {
      cause: error,
    });
  }
}

/** As checkDatabase, but that a copy which is refused does not stay. */
function checkCopy(part: string): { predictions: number } {
  try {
    return checkDatabase(part);
  } catch (error) {
    for (const suffix of ["", "-wal", "-shm"]) rmSync(part + suffix, { force: true });
    throw error;
  }
}

/**
 * Puts a saved database and its models into a data directory that no service runs on. The database that was there stays beside
 * it as `service.db.before`, until the next restore; model versions that were there stay.
 * @throws AppError `conflict` when a service runs, `unavailable` when the backup may not be read, `not_found` or `invalid_data` when the folder holds no sound backup.
 */
export function restore(dataDirectory: string, folder: string): { predictions: number } {
  const saved = join(folder, databaseName);
  if (!existsSync(saved))
    throw new AppError("not_found", `${folder} holds no ${databaseName}: name a folder that bun run backup made`);
  checkReadable(saved);
  const lock = lockDataDirectory(dataDirectory);
  try {
    const database = join(dataDirectory, databaseName);
    const part = `${database}.part`;
    cpSync(saved, part);
    sync(part);
    const restored = checkCopy(part);
    const models = join(folder, modelsName);
    if (existsSync(models)) cpSync(models, join(dataDirectory, modelsName), { recursive: true });
    rmSync(`${database}-shm`, { force: true });
    for (const suffix of ["", "-wal"]) {
      rmSync(`${database}.before${suffix}`, { force: true });
      if (existsSync(database + suffix)) renameSync(database + suffix, `${database}.before${suffix}`);
    }
    renameSync(part, database);
    return restored;
  } finally {
    lock.release();
  }
}
