import { open } from "node:fs/promises";
import type { Database } from "./database.ts";

export type Durability = Awaited<ReturnType<typeof createDurability>>;

/**
 * Group commit. SQLite's own way to make a commit durable, an fsync of the write-ahead log within COMMIT, would block the
 * event loop for its whole duration. From here on transactions of this connection are committed without it, the log is synced
 * by another thread, and only then does the caller go on; commits made while a sync runs share the next one. Whoever writes
 * otherwise awaits `sync` before telling anybody.
 *
 * This gives what `synchronous = FULL` gives, since all that FULL adds to NORMAL is that sync after each commit
 * (https://www.sqlite.org/pragma.html#pragma_synchronous).
 */
export async function createDurability(database: Database, path: string) {
  database.exec("PRAGMA synchronous = NORMAL");
  // The log exists as long as a connection is open, and is never replaced by another file.
  const log = path === ":memory:" ? null : await open(`${path}-wal`, "r+");
  let running: Promise<void> | null = null;
  let next: Promise<void> | null = null;

  async function sync(): Promise<void> {
    if (!log) return;
    if (running) {
      next ??= running.then(start, start);
      return next;
    }
    return start();
  }
  function start(): Promise<void> {
    next = null;
    const own = (log as NonNullable<typeof log>).datasync().finally(() => {
      if (running === own) running = null;
    });
    running = own;
    return own;
  }

  return {
    /** Runs `work` in one write transaction. @returns its result, once it is on disk. */
    async commit<T>(work: () => T): Promise<T> {
      const result = database.transaction(work).immediate() as T;
      await sync();
      return result;
    },
    /** Resolves when all that was committed before the call is on disk. */
    sync,
    async close(): Promise<void> {
      await log?.close();
    },
  };
}
