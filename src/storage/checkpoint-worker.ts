import { Database } from "bun:sqlite";
import { fdatasyncSync, openSync, readSync } from "node:fs";
import { answerQuestions } from "../models/thread.ts";

declare const self: Worker;

// A sync of the log waits for what is written to the database file meanwhile, so that is little at a time. With 4 MB more requests wait,
// and long; with 256 kB the steps cost more of the processor than they spare of the wait.
const step = 1024 * 1024;
// Milliseconds.
const betweenLooks = 10;
const untilLeisure = 1500;

export interface CheckpointSettings {
  databaseFile: string;
}

/** What can be asked of the thread that moves the log. */
export interface CheckpointTasks {
  /** Moves all that the log holds into the database file, unless somebody reads an older state. */
  moveAll(): Promise<void>;
  /**
   * Begins to move what comes, in small steps until little comes, unless it does so already.
   * @returns bytes in the log, moved ones included
   * @throws what a step met since the call before
   */
  follow(): Promise<number>;
}

answerQuestions(self, ({ databaseFile }: CheckpointSettings): CheckpointTasks => {
  // Never closed: that would drop the locks that SQLite holds on them for this process.
  const file = openSync(databaseFile, "r+");
  const index = openSync(`${databaseFile}-shm`, "r");
  const hasStep = (): boolean => readLog(index).toMove >= step;

  function move(database: Database): void {
    database.exec("PRAGMA wal_checkpoint(PASSIVE)");
    // SQLite leaves it to the checkpoint that ends with nothing left in the log, for which commits are held.
    fdatasyncSync(file);
  }

  function open(): Database {
    const database = new Database(databaseFile, { readwrite: true });
    database.exec("PRAGMA busy_timeout = 1000");
    return database;
  }

  async function moveWhatComes(): Promise<void> {
    const database = open();
    try {
      for (let last = performance.now(); performance.now() - last < untilLeisure; await Bun.sleep(betweenLooks)) {
        if (!hasStep()) continue;
        move(database);
        last = performance.now();
      }
    } finally {
      database.close();
    }
  }
  let following: Promise<void> | null = null;
  let failure: unknown = null;

  return {
    async moveAll() {
      const database = open();
      try {
        move(database);
      } finally {
        database.close();
      }
    },
    async follow() {
      if (failure) {
        const met = failure;
        failure = null;
        throw met;
      }
      if (!following && hasStep())
        following = moveWhatComes()
          .catch((error: unknown) => {
            failure = error;
          })
          .finally(() => {
            following = null;
          });
      return readLog(index).size;
    },
  };
});

/**
 * How many bytes the log holds, and how many of them are not in the database file yet. The size of its file tells neither.
 * @param index the open file of the WAL-index
 * Source: szPage, mxFrame and nBackfill, https://www.sqlite.org/walformat.html#the_wal_index_file_format
 */
function readLog(index: number): { size: number; toMove: number } {
  const header = new DataView(new ArrayBuffer(100));
  readSync(index, header, 0, header.byteLength, 0);
  const pageSize = header.getUint16(14, true);
  const bytes = pageSize === 1 ? 65_536 : pageSize;
  const pages = header.getUint32(16, true);
  return { size: pages * bytes, toMove: (pages - header.getUint32(96, true)) * bytes };
}
