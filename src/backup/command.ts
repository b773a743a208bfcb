import { Command } from "commander";
import { runCommand } from "../command.ts";
import { readConfig } from "../config.ts";
import { restore, save } from "./backup.ts";

const count = ({ predictions }: { predictions: number }): string => `${predictions.toLocaleString("en")} predictions`;

const command = new Command("backup").description(
  "Saves the database and the models of DATA_DIR, and brings them back",
);
command
  .command("save <folder>")
  .description("saves to a new folder; a running service goes on meanwhile")
  .action((folder: string) => {
    const { DATA_DIR } = readConfig(process.env);
    process.stdout.write(`saved ${count(save(DATA_DIR, folder))} and the models of ${DATA_DIR} to ${folder}\n`);
  });
command
  .command("restore <folder>")
  .description(
    "brings back what was saved; the service must not run, and the present database stays as service.db.before",
  )
  .action((folder: string) => {
    const { DATA_DIR } = readConfig(process.env);
    process.stdout.write(`restored ${count(restore(DATA_DIR, folder))} and the models from ${folder} to ${DATA_DIR}\n`);
  });
await runCommand(command, process.env);
