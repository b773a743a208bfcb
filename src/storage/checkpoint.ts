import { statSync } from "node:fs";
import { AppError } from "../errors.ts";
import type { Database } from "./database.ts";

// While a checkpoint writes to the disk, commits wait longer for theirs, so under load it is seldom; but a log that grows on
// and on is slower to sync than one that is written over. Without load it is at leisure.
const largeLog = 64 * 1024 * 1024;
const smallLog = 4 * 1024 * 1024;
const leisure = 120_000;
const timeout = 30_000;

export type Checkpointer = ReturnType<typeof createCheckpointer>;

/**
 * Moves the write-ahead log into the database file from another thread, so that no request waits for it. SQLite's own
 * checkpoint at commit stays as a backstop for a log that this one cannot keep small. A thread that dies or does not answer is
 * replaced at the next run.
 */
export function createCheckpointer(database: Database, path: string, now: () => number) {
  database.exec("PRAGMA wal_autocheckpoint = 100000");
  let worker: Worker | null = null;
  let failRunning: ((error: AppError) => void) | null = null;
  let last = now();
  // What was deleted before a crash may still stand in the log.
  let mustEmpty = true;

  function start(): Worker {
    const started = new Worker(new URL("./checkpoint-worker.ts", import.meta.url).href);
    started.addEventListener("close", () => {
      if (worker === started) fail("its thread ended");
    });
    return started;
  }

  /** Ends the thread; the next run has a new one. */
  function fail(reason: string): void {
    const ended = worker;
    worker = null;
    ended?.terminate();
    failRunning?.(new AppError("unavailable", `the checkpoint failed: ${reason}`));
  }

  async function runInWorker(): Promise<void> {
    worker ??= start();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    failRunning = reject;
    const timer = setTimeout(() => fail(`no answer within ${timeout / 1000} s`), timeout);
    worker.onmessage = ({ data }: MessageEvent<string | null>) => (data === null ? resolve() : fail(data));
    worker.onerror = ({ message }) => fail(message);
    worker.postMessage(path);
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      failRunning = null;
    }
  }

  return {
    /** Checkpoints when the log has grown large. @throws AppError `unavailable`; the log then grows on. */
    async run(): Promise<void> {
      const { size } = statSync(`${path}-wal`);
      if (!mustEmpty && size < (now() - last < leisure ? largeLog : smallLog)) return;
      await runInWorker();
      last = now();
      // Takes along the few pages written meanwhile: the next writer then starts the log anew instead of extending it.
      if (mustEmpty) mustEmpty = !truncateLog(database);
      else database.exec("PRAGMA wal_checkpoint(PASSIVE)");
    },
    /** Lets the next runs empty the log, so that nothing of what was deleted stays in it. */
    emptyLog(): void {
      mustEmpty = true;
    },
    /** Ends the thread; a checkpoint that runs fails, which costs nothing: the log is read at the next start. */
    close: () => fail("the service stops"),
  };
}

/** Takes along what is left of the log and cuts it to nothing, unless somebody reads from it: that is not waited for. */
function truncateLog(database: Database): boolean {
  const { timeout } = database.query("PRAGMA busy_timeout").get() as { timeout: number };
  database.exec("PRAGMA busy_timeout = 0");
  try {
    const { busy } = database.query("PRAGMA wal_checkpoint(TRUNCATE)").get() as { busy: number };
    return busy === 0;
  } finally {
    database.exec(`PRAGMA busy_timeout = ${timeout}`);
  }
}
