import { Database } from "bun:sqlite";
import { fdatasyncSync, openSync } from "node:fs";

declare const self: Worker;

// Never closed: that would drop the locks that SQLite holds on the file for this process.
const files = new Map<string, number>();
function fileOf(path: string): number {
  const known = files.get(path);
  if (known !== undefined) return known;
  const file = openSync(path, "r+");
  files.set(path, file);
  return file;
}

self.onmessage = ({ data: path }: MessageEvent<string>) => {
  try {
    const database = new Database(path, { readwrite: true });
    database.exec("PRAGMA busy_timeout = 1000; PRAGMA wal_checkpoint(PASSIVE)");
    database.close();
    // SQLite leaves it to the checkpoint that ends with nothing left in the log, for which commits are held.
    fdatasyncSync(fileOf(path));
    self.postMessage(null);
  } catch (error) {
    self.postMessage(String(error));
  }
};
