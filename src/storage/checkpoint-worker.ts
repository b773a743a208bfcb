import { Database } from "bun:sqlite";
import { fdatasyncSync, openSync, readSync } from "node:fs";
import { answerQuestions } from "../models/thread.ts";

declare const self: Worker;

// A sync of the log waits for what is written to the database file meanwhile, so that is little at a time: with 128 kB the steps cost
// more of the processor than they spare of the wait, with 512 kB a sync waits for milliseconds.
const step = 256 * 1024;
// Milliseconds.
const betweenLooks = 10;

export interface CheckpointSettings {
  databaseFile: string;
}

/** What can be asked of the thread that moves the log. */
export interface CheckpointTasks {
  /** Moves all that the log holds into the database file, unless somebody reads an older state. */
  moveAll(): Promise<void>;
  /** Moves what comes in small steps, for as long as it is told when there is much. @returns bytes in the log, moved ones included */
  follow(milliseconds: number): Promise<number>;
}

answerQuestions(self, ({ databaseFile }: CheckpointSettings): CheckpointTasks => {
  // Never closed: that would drop the locks that SQLite holds on them for this process.
  const file = openSync(databaseFile, "r+");
  const index = openSync(`${databaseFile}-shm`, "r");
  /** Bytes at the begin of the log that the database file has already. */
  let moved = 0;

  function move(database: Database): void {
    const size = logSize(index);
    database.exec("PRAGMA wal_checkpoint(PASSIVE)");
    // SQLite leaves it to the checkpoint that ends with nothing left in the log, for which commits are held.
    fdatasyncSync(file);
    moved = size;
  }

  async function withDatabase(work: (database: Database) => Promise<void> | void): Promise<void> {
    const database = new Database(databaseFile, { readwrite: true });
    try {
      database.exec("PRAGMA busy_timeout = 1000");
      await work(database);
    } finally {
      database.close();
    }
  }

  function hasStep(): boolean {
    const size = logSize(index);
    // It was begun anew.
    if (size < moved) moved = 0;
    return size - moved >= step;
  }

  return {
    moveAll: () => withDatabase(move),
    async follow(milliseconds) {
      const end = performance.now() + milliseconds;
      if (hasStep())
        await withDatabase(async (database) => {
          for (; performance.now() < end; await Bun.sleep(betweenLooks)) if (hasStep()) move(database);
        });
      return logSize(index);
    },
  };
});

/**
 * How many bytes the log holds: its file keeps its size when it is begun anew.
 * @param index the open file of the WAL-index
 * Source: szPage and mxFrame in its header, https://www.sqlite.org/walformat.html#the_wal_index_file_format
 */
function logSize(index: number): number {
  const header = new DataView(new ArrayBuffer(20));
  readSync(index, header, 0, header.byteLength, 0);
  const pageSize = header.getUint16(14, true);
  return header.getUint32(16, true) * (pageSize === 1 ? 65_536 : pageSize);
}
