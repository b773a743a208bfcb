import type { ScenarioName } from "../../src/config.ts";
import { detect, watchDay } from "./detection.ts";
import { preparePool } from "./monitored-stream.ts";
import { loadModel } from "./trained-model.ts";

/** A share of the work of `bun run bench monitors`: it reads tasks from its arguments and prints a line of JSON for each. */
export type Task = { scenario: ScenarioName; seed: number } | { day: number };

const [directory, tasks] = process.argv.slice(2) as [string, string];
const { model, customers, stores } = await loadModel(directory);
const pool = await preparePool(model, customers);
for (const task of JSON.parse(tasks) as Task[]) {
  const result =
    "day" in task ? await watchDay(model, pool, task.day) : await detect(model, pool, task.scenario, task.seed);
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
stores.close();
