import { open } from "node:fs/promises";
import type { Database } from "./database.ts";
import { type StorageFailure, storageFailureOf } from "./failure.ts";

// SQLite's own wait for a lock would stop the event loop: it may do so for the length of another program's small transaction
// only. The longer wait, in milliseconds, lets other requests go on.
const blockingWait = 50;
const wait = 5000;
const waitWhileStopping = 1000;
const betweenTries = 20;

export type Durability = Awaited<ReturnType<typeof createDurability>>;

/**
 * Group commit. SQLite's own way to make a commit durable, an fsync of the write-ahead log within COMMIT, would block the
 * event loop for its whole duration. From here on transactions of this connection are committed without it, the log is synced
 * by another thread, and only then does the caller go on; commits made while a sync runs share the next one. Whoever writes
 * otherwise awaits `sync` before telling anybody.
 *
 * This gives what `synchronous = FULL` gives, since all that FULL adds to NORMAL is that sync after each commit
 * (https://www.sqlite.org/pragma.html#pragma_synchronous).
 *
 * @param onChange told when the storage begins to fail, and with null when it works again.
 * @param stopping once aborted, a lock is waited for less long.
 */
export async function createDurability(
  database: Database,
  path: string,
  onChange: (failure: StorageFailure | null) => void = () => {},
  stopping?: AbortSignal,
) {
  database.exec(`PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = ${blockingWait}`);
  let failure: StorageFailure | null = null;
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

  function change(to: StorageFailure | null): void {
    const isNews = failure?.fault !== to?.fault;
    failure = to;
    if (isNews) onChange(to);
  }

  /** Waits for the lock of another program; `work` begins once, when the lock is had. */
  async function transact<T>(work: () => T): Promise<T> {
    const transaction = database.transaction(work);
    for (const start = performance.now(); ; await Bun.sleep(betweenTries)) {
      try {
        return transaction.immediate() as T;
      } catch (error) {
        const patience = stopping?.aborted ? waitWhileStopping : wait;
        if (storageFailureOf(error)?.fault !== "locked" || performance.now() - start > patience) throw error;
      }
    }
  }

  return {
    /**
     * Runs `work` in one write transaction. @returns its result, once it is on disk.
     * @throws StorageFailure when the database or its disk refuses, or another program locks it for 5 s.
     */
    async commit<T>(work: () => T): Promise<T> {
      try {
        const result = await transact(work);
        await sync();
        change(null);
        return result;
      } catch (error) {
        const found = storageFailureOf(error);
        if (found) change(found);
        throw found ?? error;
      }
    },
    /** Why the last commit failed, for as long as none succeeded since. */
    get failure(): StorageFailure | null {
      return failure;
    },
    /** Resolves when all that was committed before the call is on disk. */
    sync,
    async close(): Promise<void> {
      await log?.close();
    },
  };
}
