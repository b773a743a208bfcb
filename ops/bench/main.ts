import { cpus } from "node:os";
import { Argument, Command, Option } from "commander";
import { runCommand, wholeNumberFrom } from "../../src/command.ts";
import { benchExplain } from "./explain.ts";
import { benchGenerator } from "./generator.ts";
import { benchLearner } from "./learner.ts";
import { benchMonitors, type MonitorBenchOptions, monitorBenchParts, playedScenarios } from "./monitors.ts";
import { benchParameters } from "./parameters.ts";
import { benchServe } from "./serve.ts";
import { benchMonitored } from "./serve-monitored.ts";
import { benchTraining } from "./training.ts";
import { benchTrust } from "./trust.ts";

interface Options extends MonitorBenchOptions {
  kills: number;
  soakMinutes: number;
  cases: number;
  seed: number;
  rows?: number;
}

const benches: Record<string, (options: Options) => Promise<void>> = {
  serve: benchServe,
  monitored: benchMonitored,
  learner: benchLearner,
  training: benchTraining,
  explain: benchExplain,
  monitors: benchMonitors,
  trust: benchTrust,
  parameters: benchParameters,
  generator: benchGenerator,
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
  .option(
    "--rows <n>",
    "customers to learn from (default: 500,000 for learner and training, 200,000 for parameters)",
    wholeNumberFrom(10_000),
  )
  .option("--seeds <n>", "monitors: runs of each scenario", wholeNumberFrom(1), 100)
  .addOption(new Option("--only <part>", "monitors: one part of it").choices(monitorBenchParts))
  .addOption(new Option("--scenario <name>", "monitors: the runs of one scenario alone").choices(playedScenarios))
  .option("--kills <n>", "trust: how often the service is killed under load", wholeNumberFrom(1), 200)
  .option("--soak-minutes <n>", "trust: minutes of load at half of what it can carry", wholeNumberFrom(1), 10)
  .option("--cases <n>", "trust: requests of every kind to the routes", wholeNumberFrom(1), 100_000)
  .option("--seed <n>", "trust: where the requests begin", wholeNumberFrom(0), 1)
  .action(async (name: string | undefined, options: Options) => {
    process.stdout.write(`${cpus().length} × ${cpus()[0]?.model.trim()}, Bun ${Bun.version}\n`);
    for (const [key, bench] of Object.entries(benches)) if (name === undefined || key === name) await bench(options);
  });
await runCommand(command, process.env);
