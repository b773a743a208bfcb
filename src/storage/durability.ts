import { closeSync, openSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import type { Database } from "./database.ts";
import { filesMissing, type StorageFailure, storageFailureOf } from "./failure.ts";

// SQLite's own wait for a lock would stop the event loop: it may do so for the length of another program's small transaction
// only. The longer wait, in milliseconds, lets other requests go on.
const blockingWait = 50;
const wait = 5000;
const waitWhileStopping = 1000;
const betweenTries = 20;
const longestHold = 500;

interface Log {
  datasync(): Promise<void>;
  close(): Promise<void>;
}

export type Durability = Awaited<ReturnType<typeof createDurability>>;

/** What tells a file from another one in its place; null when there is none. */
function identityOf(file: string): string | null {
  const found = statSync(file, { throwIfNoEntry: false });
  return found ? `${found.dev} ${found.ino}` : null;
}

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
 * A commit is not acknowledged when the database is no longer where it was opened, or once any part of it was found damaged.
 *
 * @param stopping once aborted, a lock is waited for less long.
 */
export async function createDurability(
  database: Database,
  path: string,
  onChange: (failure: StorageFailure | null) => void = () => {},
  stopping?: AbortSignal,
  openLog: (path: string) => Promise<Log> = (file) => open(file, "r+"),
) {
  database.exec(`PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = ${blockingWait}`);
  let failure: StorageFailure | null = null;
  let damage: StorageFailure | null = null;
  /** Why the log may have a gap on the disk; null when it has none. */
  let doubt: unknown = null;
  // The log exists as long as a connection is open, and SQLite never replaces it by another file.
  const log = path === ":memory:" ? null : await openLog(`${path}-wal`);
  const files = log ? [path, `${path}-wal`].map((file) => ({ file, opened: identityOf(file) })) : [];
  let running: Promise<void> | null = null;
  let next: Promise<void> | null = null;
  let turn: Promise<unknown> = Promise.resolve();

  async function sync(): Promise<void> {
    if (!log) return;
    if (doubt !== null) throw doubt;
    if (running) {
      // When the one before fails, what was committed meanwhile stands behind its gap.
      next ??= running.then(start);
      return next;
    }
    return start();
  }
  async function datasync(): Promise<void> {
    // What another thread could not sync may be before this in the log, and its failure told to nobody else.
    if (doubt !== null) throw doubt;
    try {
      await log?.datasync();
    } catch (error) {
      doubt = error;
    }
    if (doubt !== null) throw doubt;
  }
  function start(): Promise<void> {
    next = null;
    const own = datasync().finally(() => {
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

  /**
   * After a sync that failed, the operating system may have dropped what it could not write and say yes to the next one. Commits that
   * follow would be lost behind the gap, so all that the log holds is first written to the database file and synced there.
   * @throws what the sync threw, when somebody reads from the log; or when this fails too
   */
  function emptyDoubtfulLog(): void {
    if (doubt === null) return;
    const { busy } = database.query("PRAGMA wal_checkpoint(TRUNCATE)").get() as { busy: number };
    if (busy !== 0) throw doubt;
    doubt = null;
  }

  function checkFiles(): void {
    for (const { file, opened } of files) if (identityOf(file) !== opened) throw filesMissing(file);
  }

  /** Of all that writes, one at a time, in the order in which it asked: else one would meet the lock of the other. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const own = turn.then(work);
    turn = own.catch(() => undefined);
    return own;
  }

  /** Waits for the lock of another program, the time in which others waited for it in their turns included. */
  async function patiently<T>(asked: number, transact: () => T | Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await transact();
      } catch (error) {
        const patience = stopping?.aborted ? waitWhileStopping : wait;
        if (storageFailureOf(error)?.fault !== "locked" || performance.now() - asked > patience) throw error;
      }
      await Bun.sleep(betweenTries);
    }
  }

  /** One transaction, whose work begins once: when the lock is had. */
  function written<T>(transact: () => T | Promise<T>): Promise<T> {
    const asked = performance.now();
    return inTurn(async () => {
      if (damage) throw damage;
      emptyDoubtfulLog();
      return patiently(asked, transact);
    });
  }

  async function acknowledged<T>(work: () => Promise<T>): Promise<T> {
    try {
      const result = await work();
      checkFiles();
      change(null);
      return result;
    } catch (error) {
      throw failed(error);
    }
  }

  /** SQLite has one error for whatever a disk refuses; opening a file for writing tells a disk that has become read-only. */
  function precisely(found: StorageFailure | null): StorageFailure | null {
    if (found?.fault !== "failing" || !log) return found;
    try {
      // Not the database itself: closing it would drop the locks that SQLite holds on it for this process.
      closeSync(openSync(`${path}-wal`, "r+"));
      return found;
    } catch (error) {
      return storageFailureOf(error) ?? found;
    }
  }

  function failed(error: unknown): unknown {
    const found = precisely(storageFailureOf(error));
    if (found?.fault === "damaged") damage = found;
    if (found) change(damage ?? found);
    return found ?? error;
  }

  return {
    /**
     * Runs `work` in one write transaction. @returns its result, once it is on disk.
     * @throws StorageFailure when the database or its disk refuses, or another program locks it for 5 s.
     */
    commit: <T>(work: () => T): Promise<T> =>
      acknowledged(async () => {
        const transaction = database.transaction(work);
        const result = await written(() => transaction.immediate() as T);
        await sync();
        return result;
      }),
    /**
     * The same for a transaction that another thread makes: `work` resolves when it is on the disk.
     * @throws StorageFailure as `commit` does; the error of a sync that failed has `failedSync`.
     */
    commitElsewhere: <T>(work: () => Promise<T>): Promise<T> =>
      acknowledged(async () => {
        const result = await written(() =>
          work().catch((error: { failedSync?: boolean }) => {
            if (error.failedSync) doubt = error;
            throw error;
          }),
        ).catch((error: unknown) => {
          // A thread that ended may have committed and met a failure of the disk, which a file opened later is not told of: this one is.
          sync().catch(() => undefined);
          throw error;
        });
        // What was committed here before it stands before it in the log.
        await running;
        if (doubt !== null) throw doubt;
        return result;
      }),
    /** Keeps commits waiting while `work` is done, for half a second at most, without stopping the event loop. */
    async hold(work: () => Promise<void>): Promise<void> {
      let done = Promise.resolve();
      await inTurn(() => {
        done = work();
        return Promise.race([done.catch(() => undefined), Bun.sleep(longestHold)]);
      });
      return done;
    },
    /** Is told what went wrong elsewhere. Damage that anybody meets stays: what is stored after it may not be found again. */
    notice(error: unknown): void {
      if (storageFailureOf(error)?.fault === "damaged") failed(error);
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
