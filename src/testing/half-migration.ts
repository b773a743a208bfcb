import { openDatabase } from "../storage/database.ts";

// Migrates the database `path`, and kills itself after so many statements.
const [path = "", limit = ""] = process.argv.slice(2);
const memory = openDatabase(":memory:");
const connections = Object.getPrototypeOf(memory) as { exec(sql: string): unknown };
memory.close();
const { exec } = connections;
let left = Number(limit);
connections.exec = function execUntilKilled(sql) {
  for (const statement of sql.split(/;\s*$/m).filter((text) => text.trim() !== "")) {
    if (left === 0) process.kill(process.pid, "SIGKILL");
    left--;
    exec.call(this, statement);
    // What a transaction has written goes to the disk before its end.
    exec.call(this, "PRAGMA cache_size = 1");
  }
};
openDatabase(path).close();
