import { openSync, readSync } from "node:fs";
import { AppError } from "../errors.ts";
import { startPatience } from "../models/patience.ts";
import type { Database } from "./database.ts";
import type { Durability } from "./durability.ts";

// What is written to the database file at once, commits must wait for: under load it is little, and often. Only a log of which all
// is in the database is begun anew, and for that commits are held for a moment: seldom, but a log that grows on and on is slower to
// sync than one that is written over. Without load it is at leisure.
const step = 1024 * 1024;
const betweenSteps = 50;
const almostASecond = 850;
const largeLog = 64 * 1024 * 1024;
const smallLog = 4 * 1024 * 1024;
const leisure = 120_000;
const timeout = 30_000;

export type Checkpointer = ReturnType<typeof createCheckpointer>;

export interface CheckpointerOptions {
  database: Database;
  path: string;
  /** Keeps commits waiting for a moment. */
  hold: Durability["hold"];
  now: () => number;
  stopping?: AbortSignal;
  /** Told why a thread was given up. */
  onFailure?: (reason: string) => void;
}

/**
 * Moves the write-ahead log into the database file from another thread, so that no request waits for it. SQLite's own
 * checkpoint at commit stays as a backstop for a log that this one cannot keep small. A thread that dies or does not answer is
 * replaced at the next run.
 */
export function createCheckpointer({ database, path, hold, now, stopping, onFailure }: CheckpointerOptions) {
  database.exec("PRAGMA wal_autocheckpoint = 100000");
  const { page_size } = database.query("PRAGMA page_size").get() as { page_size: number };
  // Never closed: that would drop the locks that SQLite holds on the file for this process.
  const index = openSync(`${path}-shm`, "r");
  let worker: Worker | null = null;
  let failRunning: ((error: AppError) => void) | null = null;
  let last = now();
  // What was deleted before a crash may still stand in the log.
  let mustEmpty = true;
  /** Pages at the begin of the log that the database file has already. */
  let moved = 0;

  function start(): Worker {
    const started = new Worker(new URL("./checkpoint-worker.ts", import.meta.url).href);
    started.addEventListener("close", () => {
      if (worker === started) fail("its thread ended");
    });
    return started;
  }

  function end(reason: string): void {
    const ended = worker;
    worker = null;
    ended?.terminate();
    failRunning?.(new AppError("unavailable", `the checkpoint failed: ${reason}`));
  }

  /** Ends the thread; the next run has a new one. */
  function fail(reason: string): void {
    if (worker) onFailure?.(reason);
    end(reason);
  }

  async function runInWorker(): Promise<void> {
    worker ??= start();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    failRunning = reject;
    const patience = startPatience(timeout, () => fail(`no answer within ${timeout / 1000} s`));
    worker.onmessage = ({ data }: MessageEvent<string | null>) => (data === null ? resolve() : fail(data));
    worker.onerror = ({ message }) => fail(message);
    worker.postMessage(path);
    try {
      await promise;
    } finally {
      patience.stop();
      failRunning = null;
    }
  }

  /** Moves what is new in the log, in small steps for as long as much is written, for a second at most. */
  async function moveSteps(): Promise<void> {
    for (const end = performance.now() + almostASecond; performance.now() < end; await Bun.sleep(betweenSteps)) {
      const pages = pagesInLog(index);
      if (pages < moved) moved = 0;
      if ((pages - moved) * page_size < step || stopping?.aborted) return;
      await runInWorker();
      moved = pages;
    }
  }

  return {
    /** Checkpoints when there is something to move. @throws AppError `unavailable`; the log then grows on. */
    async run(): Promise<void> {
      if (mustEmpty) {
        await runInWorker();
        await hold(async () => {
          mustEmpty = !truncateLog(database);
        });
        return;
      }
      await moveSteps();
      if (pagesInLog(index) * page_size < (now() - last < leisure ? largeLog : smallLog)) return;
      await hold(runInWorker);
      last = now();
    },
    /** Lets the next runs empty the log, so that nothing of what was deleted stays in it. */
    emptyLog(): void {
      mustEmpty = true;
    },
    /** Ends the thread; a checkpoint that runs fails, which costs nothing: the log is read at the next start. */
    close: () => end("the service stops"),
  };
}

/**
 * How many pages the log holds: its file keeps its size when it is begun anew.
 * @param index the open file of the WAL-index
 * Source: mxFrame in its header, https://www.sqlite.org/walformat.html#the_wal_index_file_format
 */
function pagesInLog(index: number): number {
  const header = new Int32Array(5);
  readSync(index, header, 0, header.byteLength, 0);
  return header[4] as number;
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
