import { join } from "node:path";
import { Command } from "commander";
import { runCommand } from "../command.ts";
import { readConfig } from "../config.ts";
import { AppError } from "../errors.ts";
import { openStores } from "../storage/stores.ts";
import { createRegistry, type Registry } from "./registry.ts";

async function withRegistry(work: (registry: Registry) => Promise<void> | void): Promise<void> {
  const { DATA_DIR } = readConfig(process.env);
  const stores = openStores(join(DATA_DIR, "service.db"));
  try {
    await work(createRegistry({ directory: join(DATA_DIR, "models"), store: stores.models, now: Date.now }));
  } finally {
    stores.close();
  }
}

const follows = "a running service follows within a second";

function list(registry: Registry): void {
  const models = registry.list();
  const current = registry.currentUse()?.version;
  if (models.length === 0) process.stdout.write("no model yet: train one with bun run train\n");
  for (const { version, trainedAt } of models) {
    const mark = version === current ? "*" : " ";
    process.stdout.write(
      `${mark} ${version}  trained ${new Date(trainedAt).toISOString()}  ${describe(registry, version)}\n`,
    );
  }
}

/** What a version is; of a damaged one, why it cannot serve: the list is where another is looked for. */
function describe(registry: Registry, version: string): string {
  try {
    const { data, performance } = registry.readManifest(version);
    const auc = performance.holdout.metrics.roc_auc.value?.toFixed(4) ?? "undefined";
    return `${data.rows} rows of ${data.file}  ROC AUC ${auc}`;
  } catch (error) {
    if (error instanceof AppError && error.code === "unavailable") return `cannot serve: ${error.message}`;
    throw error;
  }
}

const command = new Command("model").description("The model versions, and which one serves");
command
  .command("list")
  .description("lists the versions; * serves")
  .action(() => withRegistry(list));
command
  .command("use <version>")
  .description("lets a version serve")
  .action((version: string) =>
    withRegistry(async (registry) => {
      await registry.use(version);
      process.stdout.write(`${version} serves; ${follows}\n`);
    }),
  );
command
  .command("rollback")
  .description("lets the version serve that served before")
  .action(() =>
    withRegistry(async (registry) => {
      process.stdout.write(`${await registry.rollback()} serves again; ${follows}\n`);
    }),
  );
await runCommand(command, process.env);
