import { AppError, messageOf } from "../errors.ts";

/** Why nothing can be stored, as a bounded set of label values. */
export const storageFaults = ["full", "locked", "read_only", "missing", "damaged", "failing"] as const;
export type StorageFault = (typeof storageFaults)[number];

/** The database or its disk refused. Nothing of the work it was asked for is there; asking again may help, so it is `unavailable`. */
export class StorageFailure extends AppError {
  readonly fault: StorageFault;
  constructor(fault: StorageFault, message: string, cause: unknown) {
    super("unavailable", message, { cause, retryAfter: 5 });
    this.fault = fault;
  }
}

// Codes of SQLite (https://www.sqlite.org/rescode.html) and of the operating system.
const known: [RegExp, StorageFault, string][] = [
  [/^(SQLITE_FULL|ENOSPC|EDQUOT|EFBIG)/, "full", "the disk is full: free some space, or lower RETENTION_DAYS"],
  [/^SQLITE_(BUSY|LOCKED)/, "locked", "another program keeps the database locked: end what holds service.db"],
  [/^(SQLITE_READONLY|SQLITE_PERM|EROFS|EACCES|EPERM)/, "read_only", "the data directory cannot be written to"],
  [/^SQLITE_(CORRUPT|NOTADB)/, "damaged", "the database is damaged: stop the service and restore a backup"],
  [/^(SQLITE_IOERR|SQLITE_CANTOPEN|EIO)/, "failing", "the disk fails: see the log of the operating system"],
];

/** The files that a connection has open are no longer where they were: what is written goes to nobody. */
export const filesMissing = (path: string): StorageFailure =>
  new StorageFailure(
    "missing",
    "nothing can be stored: the files of the database were moved, replaced or deleted: put them back, or stop the service and restore a backup",
    new Error(`${path} is not the file that was opened`),
  );

/** @returns what an error of SQLite or of the file system says about the storage; null when it is about something else. */
export function storageFailureOf(error: unknown): StorageFailure | null {
  if (error instanceof StorageFailure) return error;
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code !== "string") return null;
  const found = known.find(([pattern]) => pattern.test(code));
  return found ? new StorageFailure(found[1], `nothing can be stored: ${found[2]} (${messageOf(error)})`, error) : null;
}
