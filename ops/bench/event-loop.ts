import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createMonitorRun } from "../../scheduler/run-monitors.ts";
import { createInstrumentation } from "../../src/instrumentation.ts";
import { createMetrics } from "../../src/metrics.ts";
import { createEvents } from "../../src/monitoring/events.ts";
import { createMonitors } from "../../src/monitoring/monitors.ts";
import { nothingRefused } from "../../src/monitoring/refusals.ts";
import { createScenarioSwitch } from "../../src/monitoring/scenario.ts";
import { createMonitoringThread } from "../../src/monitoring/thread.ts";
import { createDurability } from "../../src/storage/durability.ts";
import { loadModel } from "./trained-model.ts";

/** Milliseconds that this process's main thread has had a processor since it began (Linux's `schedstat`; NaN elsewhere). */
function mainThreadTime(): number {
  try {
    return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, "utf8").split(" ")[0]) / 1e6;
  } catch {
    return Number.NaN;
  }
}

export interface Blocks {
  /** Longest time (milliseconds) that a timer of this thread was late: what the machine did to others is in it. */
  late: number;
  /** Longest time (milliseconds) that this thread itself worked between two runs of the timer. */
  worked: number;
  seconds: number;
}

/** How the event loop was held up while `work` went on elsewhere. */
async function longestBlock(work: () => Promise<unknown>): Promise<Blocks> {
  let last = performance.now();
  let lastWorked = mainThreadTime();
  let late = 0;
  let worked = 0;
  const timer = setInterval(() => {
    const now = performance.now();
    const nowWorked = mainThreadTime();
    late = Math.max(late, now - last - 1);
    worked = Math.max(worked, nowWorked - lastWorked);
    last = now;
    lastWorked = nowWorked;
  }, 1);
  const start = performance.now();
  await work();
  clearInterval(timer);
  return { late, worked, seconds: (performance.now() - start) / 1000 };
}

export interface EventLoopBlocks {
  /** While the thread reads its window from the database and looks at it, and all predictions are summed up by the minute. */
  opened: Blocks;
  /** While it looks again. */
  next: Blocks;
  /** While nothing goes on, for as long as the first look took. */
  idle: Blocks;
}

/** A share of `bun run bench monitors`: how the monitors' thread holds up the event loop of its process. Prints a line of JSON. */
const [directory, rows] = process.argv.slice(2) as [string, string];
const { model, stores } = await loadModel(directory);
const databaseFile = join(directory, "service.db");
// As in the service, commits do not wait for the disk.
const durability = await createDurability(stores.database, databaseFile);
const thread = createMonitoringThread({
  databaseFile,
  modelsFolder: join(directory, "models"),
  windowSize: Number(rows),
  seed: 1,
});
const now = () => Number(rows);
const instrumentation = createInstrumentation(createMetrics());
instrumentation.onModel(model);
// The whole job, as the service runs it: what the thread found is judged, stored and shown here.
const look = createMonitorRun({
  serving: { isReady: true, model },
  monitors: createMonitors({
    look: thread.look,
    results: stores.results,
    state: stores.state,
    scenario: createScenarioSwitch({ state: stores.state, now, onSwitch: () => {} }),
    events: createEvents(),
    now,
    every: 15,
    refusedSince: () => nothingRefused,
    onPass: instrumentation.onMonitorPass,
  }),
  sums: stores.sums,
  collect: thread.collect,
});
// The service has run for long when it looks: what starting it left behind is collected.
Bun.gc(true);
const opened = await longestBlock(look);
const next = await longestBlock(look);
const idle = await longestBlock(() => Bun.sleep(1000 * opened.seconds));
thread.close();
await durability.close();
stores.close();
process.stdout.write(`${JSON.stringify({ opened, next, idle } satisfies EventLoopBlocks)}\n`);
