import { Database, type SQLQueryBindings } from "bun:sqlite";
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { AppError, messageOf } from "../errors.ts";

export type { Database } from "bun:sqlite";

const migrationsFolder = join(import.meta.dir, "../../migrations");

/**
 * Makes a file, if absent, that its owner alone may read: SQLite gives its log and its index the same mode. One that is there is not
 * opened: closing it would drop the locks that SQLite holds on it for this process, and whoever closes the database next, believing to
 * be the last one, deletes the log under it.
 */
export function makePrivate(path: string): void {
  try {
    closeSync(openSync(path, "ax", 0o600));
  } catch (error) {
    if ((error as { code?: string }).code !== "EEXIST") throw error;
  }
}

/**
 * Opens the service's database, made if absent, and brings its schema up to date. What is deleted is overwritten with zeros.
 * @param path a file, or ":memory:"
 * @throws AppError `unavailable` when the file cannot be opened or is no database, `conflict` when a newer
 *   program has already migrated it.
 */
export function openDatabase(path: string): Database {
  try {
    if (path !== ":memory:") {
      mkdirSync(join(path, ".."), { recursive: true });
      makePrivate(path);
    }
    const database = new Database(path, { create: true, strict: true });
    database.exec(`
      PRAGMA busy_timeout = 5000;
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA secure_delete = ON;
      PRAGMA journal_size_limit = 134217728;
    `);
    migrate(database);
    database.exec("PRAGMA foreign_keys = ON");
    return database;
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError(
      "unavailable",
      `cannot open the database ${path}: ${messageOf(error)}; check that the folder is writable; a damaged file is replaced from a backup by bun run restore FOLDER`,
      { cause: error },
    );
  }
}

/**
 * Opens the database of a running service for writing, from another thread: it waits a little for the locks of others, and its
 * commits are on the disk once the log is synced.
 * @throws AppError `unavailable` when it cannot be opened.
 */
export function openWriter(path: string): Database {
  try {
    const database = new Database(path, { readwrite: true, strict: true });
    database.exec(`
      PRAGMA busy_timeout = 500;
      PRAGMA synchronous = NORMAL;
      PRAGMA wal_autocheckpoint = 100000;
      PRAGMA secure_delete = ON;
      PRAGMA foreign_keys = ON;
    `);
    return database;
  } catch (error) {
    throw new AppError("unavailable", `cannot write the database ${path}: ${messageOf(error)}`, { cause: error });
  }
}

/**
 * Opens the database of a running service for reading, from another thread.
 * @throws AppError `unavailable` when it cannot be opened.
 */
export function openReader(path: string): Database {
  try {
    const database = new Database(path, { readonly: true, strict: true });
    database.exec("PRAGMA busy_timeout = 5000");
    return database;
  } catch (error) {
    throw new AppError("unavailable", `cannot read the database ${path}: ${messageOf(error)}`, { cause: error });
  }
}

const migrations = (): string[] =>
  readdirSync(migrationsFolder)
    .filter((file) => /^\d{4}_.*\.sql$/.test(file))
    .sort();

/** The number of migrations that made a database what it is. @throws AppError `conflict` when a newer program migrated it */
export function knownSchemaOf(database: Database): number {
  const { user_version: version } = database.query("PRAGMA user_version").get() as { user_version: number };
  const known = migrations().length;
  if (version > known) {
    throw new AppError(
      "conflict",
      `the database has schema ${version}, this program knows ${known}: use the newer program that wrote it`,
    );
  }
  return version;
}

/** A migration that makes a table anew must not delete what refers to it: foreign keys are checked at the end instead. */
function migrate(database: Database): void {
  const files = migrations();
  const version = knownSchemaOf(database);
  if (version === files.length) return;
  database.exec("PRAGMA foreign_keys = OFF");
  database
    .transaction(() => {
      for (const file of files.slice(version)) database.exec(readFileSync(join(migrationsFolder, file), "utf8"));
      const broken = database.query("PRAGMA foreign_key_check").all();
      if (broken.length > 0) throw new Error(`${broken.length} rows refer to others that are not there`);
      database.exec(`PRAGMA user_version = ${files.length}`);
    })
    .immediate();
}

/** A statement whose parameters and rows have known types. */
export function prepare<Row, Parameters extends SQLQueryBindings[]>(database: Database, sql: string) {
  return database.prepare<Row, Parameters>(sql);
}

/** Runs `work` in one write transaction: all of it is on disk when this returns, or nothing. */
export function inTransaction<T>(database: Database, work: () => T): T {
  return database.transaction(work).immediate() as T;
}
