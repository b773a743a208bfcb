import { cpus } from "node:os";
import { Argument, Command } from "commander";
import { runCommand, wholeNumberFrom } from "../../src/command.ts";
import { benchExplain } from "./explain.ts";
import { benchLearner } from "./learner.ts";
import { benchMonitors } from "./monitors.ts";
import { benchServe } from "./serve.ts";

interface Options {
  days: number;
  seeds: number;
}

const benches: Record<string, (options: Options) => Promise<void>> = {
  serve: benchServe,
  learner: benchLearner,
  explain: benchExplain,
  monitors: benchMonitors,
};

const command = new Command("bench")
  .description("Measures, each figure with its baseline in the same run")
  .addArgument(new Argument("[name]", "which to run; all when absent").choices(Object.keys(benches)))
  .option(
    "--days <n>",
    "monitors: undisturbed days that are simulated (half an hour for 200 on two cores)",
    wholeNumberFrom(1),
    200,
  )
  .option("--seeds <n>", "monitors: runs of each scenario", wholeNumberFrom(1), 100)
  .action(async (name: string | undefined, options: Options) => {
    process.stdout.write(`${cpus().length} × ${cpus()[0]?.model.trim()}, Bun ${Bun.version}\n`);
    for (const [key, bench] of Object.entries(benches)) if (name === undefined || key === name) await bench(options);
  });
await runCommand(command, process.env);
