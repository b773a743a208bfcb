import type { Serving } from "../src/models/serving.ts";
import type { Monitors } from "../src/monitoring/monitors.ts";

/** @returns the job: one look of all monitors at the window of the model that serves. */
export function createMonitorRun(monitors: Monitors, serving: Serving) {
  return async function runMonitors(): Promise<void> {
    if (serving.isReady) await monitors.run(serving.model);
  };
}
