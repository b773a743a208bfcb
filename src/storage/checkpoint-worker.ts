import { Database } from "bun:sqlite";
import { fdatasyncSync, readSync } from "node:fs";
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
  /** Descriptors, opened once by who starts the thread: of the database file for writing, and of the WAL-index. */
  file: number;
  index: number;
}

/** What can be asked of the thread that moves the log. */
export interface CheckpointTasks {
  /**
   * Moves all that the log holds into the database file, unless somebody reads an older state.
   * @throws what SQLite or the disk refuses; the error of a sync of the database file that is not SQLite's has `failedSync`
   */
  moveAll(): Promise<void>;
  /**
   * Begins to move what comes, in small steps until little comes, unless it does so already.
   * @returns bytes in the log, moved ones included
   * @throws as `moveAll` does, what a step met since the call before
   */
  follow(): Promise<number>;
  /** Ends what goes on and closes the database. @throws as `follow` does */
  close(): Promise<void>;
}

answerQuestions(self, ({ databaseFile, file, index }: CheckpointSettings): CheckpointTasks => {
  function hasStep(): boolean {
    const { size, moved } = readLog(index);
    return size - moved >= step;
  }

  function move(database: Database): void {
    database.exec("PRAGMA wal_checkpoint(PASSIVE)");
    try {
      // SQLite leaves it to the checkpoint that ends with nothing left in the log, for which commits are held.
      fdatasyncSync(file);
    } catch (error) {
      throw Object.assign(error as Error, { failedSync: true });
    }
  }

  function open(): Database {
    const database = new Database(databaseFile, { readwrite: true });
    database.exec("PRAGMA busy_timeout = 1000");
    return database;
  }

  let isClosing = false;
  async function moveWhatComes(): Promise<void> {
    const database = open();
    try {
      for (let last = performance.now(); performance.now() - last < untilLeisure; await Bun.sleep(betweenLooks)) {
        if (isClosing) return;
        if (!hasStep()) continue;
        const { moved } = readLog(index);
        move(database);
        // Somebody reads an older state, which may last.
        if (readLog(index).moved === moved) return;
        last = performance.now();
      }
    } finally {
      database.close();
    }
  }
  let following: Promise<void> | null = null;
  let failure: unknown = null;

  function throwFailure(): void {
    const met = failure;
    failure = null;
    if (met !== null) throw met;
  }

  return {
    async moveAll() {
      throwFailure();
      const database = open();
      try {
        move(database);
      } finally {
        database.close();
      }
    },
    async follow() {
      throwFailure();
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
    async close() {
      isClosing = true;
      await following;
      throwFailure();
    },
  };
});

/**
 * How many bytes the log holds, and how many of them are in the database file already. The size of its file tells neither.
 * @param index the open file of the WAL-index
 * Source: szPage, mxFrame and nBackfill, https://www.sqlite.org/walformat.html#the_wal_index_file_format
 */
function readLog(index: number): { size: number; moved: number } {
  const header = new DataView(new ArrayBuffer(100));
  readSync(index, header, 0, header.byteLength, 0);
  const pageSize = header.getUint16(14, true);
  const bytes = pageSize === 1 ? 65_536 : pageSize;
  return { size: header.getUint32(16, true) * bytes, moved: header.getUint32(96, true) * bytes };
}
