import { openSync } from "node:fs";
import { createThread } from "../models/thread.ts";
import type { CheckpointSettings, CheckpointTasks } from "./checkpoint-worker.ts";
import type { Database } from "./database.ts";
import type { Durability } from "./durability.ts";

// Only a log of which all is in the database is begun anew, and for that commits are held for a moment: seldom, but a log that grows on
// and on is slower to sync than one that is written over. Without load it is at leisure.
const largeLog = 64 * 1024 * 1024;
const smallLog = 4 * 1024 * 1024;
const leisure = 120_000;
const timeout = 30_000;
const patienceAtEnd = 1000;

export type Checkpointer = ReturnType<typeof createCheckpointer>;

export interface CheckpointerOptions {
  database: Database;
  path: string;
  /** Keeps commits waiting for a moment. */
  hold: Durability["hold"];
  now: () => number;
  /** Told why a thread was given up. */
  onFailure?: (reason: string) => void;
  /** Told that what was moved into the database file may be lost: the log still has it, and must not be written any more. */
  onLostWrites?: (error: unknown) => void;
}

/**
 * Moves the write-ahead log into the database file from another thread, so that no request waits for it. SQLite's own
 * checkpoint at commit stays as a backstop for a log that this one cannot keep small.
 */
export function createCheckpointer(options: CheckpointerOptions) {
  const { database, path, hold, now, onFailure = () => {}, onLostWrites = () => {} } = options;
  database.exec("PRAGMA wal_autocheckpoint = 100000");
  // Never closed: that would drop the locks that SQLite holds on them for this process.
  const file = openSync(path, "r+");
  const index = openSync(`${path}-shm`, "r");
  const thread = createThread<CheckpointTasks>({
    module: new URL("./checkpoint-worker.ts", import.meta.url),
    name: "the checkpoint",
    settings: (): CheckpointSettings => ({ databaseFile: path, file, index }),
    timeout,
    onFailure,
  });
  async function watched<T>(work: () => Promise<T> | T): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const { failedSync, code } = error as { failedSync?: boolean; code?: string };
      if (failedSync || code === "SQLITE_IOERR_FSYNC") onLostWrites(error);
      throw error;
    }
  }
  const moveAll = () => watched(() => thread.ask("moveAll"));
  const empty = () => watched(() => truncateLog(database));
  let last = now();
  // What was deleted before a crash may still stand in the log.
  let mustEmpty = true;

  return {
    /**
     * Has moved what comes, as long as much comes, and begins the log anew when it is large.
     * @throws AppError `unavailable`, and what SQLite or the disk refuses; the log then grows on.
     */
    async run(): Promise<void> {
      if (mustEmpty) {
        await moveAll();
        await hold(async () => {
          mustEmpty = !(await empty());
        });
        return;
      }
      const size = await watched(() => thread.ask("follow"));
      if (size < (now() - last < leisure ? largeLog : smallLog)) return;
      await hold(moveAll);
      last = now();
    },
    /** Lets the next runs empty the log, so that nothing of what was deleted stays in it. */
    emptyLog(): void {
      mustEmpty = true;
    },
    /** Ends the thread, in order when it can; a checkpoint that runs fails, which costs nothing: the log is read at the next start. */
    async close(): Promise<void> {
      // What it threw was a checkpoint that failed.
      const closed = watched(() => thread.ask("close")).catch(() => undefined);
      await Promise.race([closed, Bun.sleep(patienceAtEnd)]);
      thread.close();
    },
    /** Moves all that is in the log into the database file, and cuts it to nothing, unless somebody reads it. @throws what SQLite refuses */
    empty,
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
