import { Database } from "bun:sqlite";

declare const self: Worker;

self.onmessage = ({ data: path }: MessageEvent<string>) => {
  try {
    const database = new Database(path, { readwrite: true });
    database.exec("PRAGMA busy_timeout = 1000; PRAGMA wal_checkpoint(PASSIVE)");
    database.close();
    self.postMessage(null);
  } catch (error) {
    self.postMessage(String(error));
  }
};
