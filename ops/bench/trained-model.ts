import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Customer, LabelledCustomer } from "../../src/customer.ts";
import { createRegistry, type LoadedModel } from "../../src/models/registry.ts";
import { openStores } from "../../src/storage/stores.ts";

const root = join(import.meta.dir, "../..");

/** Runs a command of this project to its end. @returns what it printed. */
export async function runScript(script: string, options: string[], env: Record<string, string>): Promise<string> {
  const child = Bun.spawn([process.execPath, join(root, script), ...options], {
    stdout: "pipe",
    stderr: "pipe",
    env: { ...process.env, ...env },
  });
  const [output, message] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  if ((await child.exited) !== 0) throw new Error(`${script} failed: ${message}`);
  return output;
}

/** Options of `train` for as many trees as asked, larger than the default ones: what they cost is not flattered. */
export const manyLargeTrees = ["--patience", "0", "--max-leaves", "31", "--min-child-weight", "5"];

/** A data directory of its own with a model trained on synthetic customers. */
export async function trainModel(
  rows: number,
  rounds: number,
  options: string[] = [],
): Promise<{ directory: string; remove(): void }> {
  const folder = mkdtempSync(join(tmpdir(), "churnwatch-bench-"));
  const directory = join(folder, "data");
  const sample = join(folder, "sample.csv");
  const env = { DATA_DIR: directory, PUSHGATEWAY_URL: "" };
  await runScript("src/data/sample.ts", ["--rows", String(rows), "--out", sample], env);
  await runScript("src/training/train.ts", ["--data", sample, "--rounds", String(rounds), ...options], env);
  return { directory, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** The model that serves in a data directory, and its held-out customers. */
export async function loadModel(
  directory: string,
): Promise<{ model: LoadedModel; customers: LabelledCustomer[]; stores: ReturnType<typeof openStores> }> {
  const stores = openStores(join(directory, "service.db"));
  const registry = createRegistry({ directory: join(directory, "models"), store: stores.models, now: () => 0 });
  const version = registry.currentUse()?.version;
  if (!version) throw new Error(`no model serves in ${directory}`);
  const model = await registry.load(version);
  const customers: LabelledCustomer[] = [];
  for (let position = 0; ; ) {
    const found = stores.replay.from(version, position, 1000);
    for (const { customer, churned } of found)
      customers.push({ customer: JSON.parse(customer) as Customer, churned: churned === 1 });
    const last = found.at(-1);
    if (!last) break;
    position = last.position + 1;
  }
  return { model, customers, stores };
}
