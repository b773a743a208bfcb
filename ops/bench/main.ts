import { cpus } from "node:os";
import { Argument, Command } from "commander";
import { runCommand } from "../../src/command.ts";
import { benchLearner } from "./learner.ts";
import { benchServe } from "./serve.ts";

const benches = { serve: benchServe, learner: benchLearner };

const command = new Command("bench")
  .description("Measures, each figure with its baseline in the same run")
  .addArgument(new Argument("[name]", "which to run; all when absent").choices(Object.keys(benches)))
  .action(async (name?: keyof typeof benches) => {
    process.stdout.write(`${cpus().length} × ${cpus()[0]?.model.trim()}, Bun ${Bun.version}\n`);
    for (const [key, bench] of Object.entries(benches)) if (name === undefined || key === name) await bench();
  });
await runCommand(command, process.env);
