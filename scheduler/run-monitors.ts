import type { Serving } from "../src/models/serving.ts";
import type { Monitors } from "../src/monitoring/monitors.ts";
import type { MonitoringThread } from "../src/monitoring/thread.ts";
import type { SumsStore } from "../src/storage/sums.ts";

export interface MonitorRunOptions {
  monitors: Monitors;
  serving: Pick<Serving, "isReady" | "model">;
  sums: SumsStore;
  collect: MonitoringThread["collect"];
}

/** @returns the job: one look of all monitors at the window of the model that serves, and all that is new added to the sums. */
export function createMonitorRun({ monitors, serving, sums, collect }: MonitorRunOptions) {
  return async function runMonitors(): Promise<void> {
    if (serving.isReady) await monitors.run(serving.model);
    let isPart = true;
    while (isPart) {
      const collected = await collect(sums.progress());
      sums.add(collected.rows, collected.progress);
      isPart = collected.isPart;
    }
  };
}
