import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { runCommand } from "./command.ts";
import { readConfig } from "./config.ts";
import { AppError } from "./errors.ts";
import { lockDataDirectory } from "./storage/lock.ts";

const made = ["models", "raw", "service.db", "service.db-wal", "service.db-shm", "service.lock"];

const command = new Command("clean")
  .description("Deletes the models, the data and the database in DATA_DIR")
  .option("--yes", "does not ask first")
  .action(({ yes }: { yes?: boolean }) => {
    const { DATA_DIR } = readConfig(process.env);
    const found = made.map((name) => join(DATA_DIR, name)).filter((path) => existsSync(path));
    if (found.length === 0) {
      process.stdout.write(`nothing to delete in ${DATA_DIR}\n`);
      return;
    }
    // A running service would lose its files without noticing.
    lockDataDirectory(DATA_DIR).release();
    if (!yes && !confirm(`Delete ${found.join(", ")}?`)) throw new AppError("cancelled", "nothing was deleted");
    for (const path of found) rmSync(path, { recursive: true, force: true });
    process.stdout.write(`deleted ${found.join(", ")}\n`);
  });
await runCommand(command, process.env);
