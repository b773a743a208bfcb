import { existsSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { runCommand } from "./command.ts";
import { type Config, readConfig, settingsHelp } from "./config.ts";
import { AppError, messageOf } from "./errors.ts";
import { createLogger } from "./log.ts";
import { startService } from "./service.ts";
import { openStores } from "./storage/stores.ts";
import { pushWaiting } from "./training/push.ts";

// Customers in the sample that a first start makes: enough for a good model within seconds.
const firstSampleRows = 100_000;

async function runScript(script: string, ...options: string[]): Promise<void> {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, script), ...options], {
    stdin: "ignore",
    stdout: "inherit",
    stderr: "inherit",
    env: process.env,
  });
  const stop = () => child.kill("SIGTERM");
  process.once("SIGTERM", stop).once("SIGINT", stop);
  const code = await child.exited;
  process.off("SIGTERM", stop).off("SIGINT", stop);
  if (code !== 0)
    throw new AppError("unavailable", `${script} failed (exit code ${code}); what went wrong stands above`);
}

/** Trains a first model when there is none, in processes of their own: the service never holds their memory. */
async function ensureModel(config: Config): Promise<void> {
  const stores = openStores(join(config.DATA_DIR, "service.db"));
  const hasModel = stores.models.current() !== null;
  stores.close();
  if (hasModel) return;
  const raw = join(config.DATA_DIR, "raw");
  if (!existsSync(join(raw, "Train.csv")) && !existsSync(join(raw, "sample.csv"))) {
    process.stderr.write(
      `No model and no data yet: making ${firstSampleRows.toLocaleString("en")} synthetic customers.\n`,
    );
    await runScript("data/sample.ts", "--rows", String(firstSampleRows));
  }
  process.stderr.write("No model yet: training one.\n");
  await runScript("training/train.ts");
}

async function start(): Promise<void> {
  const config = readConfig(process.env);
  // Neither training nor anything else that is started needs them.
  delete process.env.API_KEYS;
  const log = createLogger(config.LOG_LEVEL, process.stderr.isTTY ?? false);
  await ensureModel(config);
  const service = await startService({
    config,
    log,
    now: Date.now,
    newId: (time) => Bun.randomUUIDv7("hex", time),
    seed: crypto.getRandomValues(new Uint32Array(1))[0] as number,
    onFatal(reason) {
      log.fatal(
        `${reason}; the service ends, and has all that it answered once it is started again on a disk that works`,
      );
      // `exit` would close the database, and that would begin its log anew.
      process.kill(process.pid, "SIGKILL");
    },
  });
  const { url } = service;
  process.stdout.write(
    [
      `Churnwatch serves at ${url}`,
      `  page        ${url}/`,
      `  predict     curl -X POST ${url}/predict -H 'content-type: application/json' -d '{"user_id":"someone","regularity":3}'`,
      `  monitors    ${url}/monitoring`,
      `  metrics     ${url}/metrics`,
      `  API         ${url}/docs`,
      "",
    ].join("\n"),
  );
  if (config.PUSHGATEWAY_URL !== "") {
    pushWaiting(config.PUSHGATEWAY_URL, join(config.DATA_DIR, "models")).then(
      (version) => version && log.info({ version }, "pushed the metrics of training"),
      (error: unknown) => log.warn(`the metrics of training still wait: ${messageOf(error)}`),
    );
  }
  const signal = await new Promise<string>((resolve) => {
    for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => resolve(name));
  });
  log.info(`${signal}: stopping`);
  await service.stop();
}

const command = new Command("start")
  .description("Serves the model, replays customers and monitors; trains a first model when there is none")
  .addHelpText("after", `\n${settingsHelp()}`)
  .action(start);
await runCommand(command, process.env);
