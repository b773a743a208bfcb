import type { Config } from "../src/config.ts";
import type { FeedbackService } from "../src/feedback/service.ts";
import type { Serving } from "../src/models/serving.ts";
import type { Monitors } from "../src/monitoring/monitors.ts";
import type { ScenarioSwitch } from "../src/monitoring/scenario.ts";
import type { MonitoringThread } from "../src/monitoring/thread.ts";
import type { PredictionService } from "../src/predictions/service.ts";
import type { Random } from "../src/statistics/random.ts";
import type { Durability } from "../src/storage/durability.ts";
import type { openStores } from "../src/storage/stores.ts";
import type { Job } from "./index.ts";
import { createStorageProbe } from "./probe-storage.ts";
import { createFeedbackRelease } from "./release-feedback.ts";
import { createReplay } from "./replay.ts";
import { createRetention } from "./retention.ts";
import { createMonitorRun } from "./run-monitors.ts";

export interface JobsOptions {
  config: Config;
  stores: ReturnType<typeof openStores>;
  durability: Durability;
  serving: Serving;
  predictions: PredictionService;
  feedback: FeedbackService;
  scenario: ScenarioSwitch;
  monitors: Monitors;
  collect: MonitoringThread["collect"];
  checkpoint: Job["run"];
  random: Random;
  now: () => number;
  stopping: AbortSignal;
}

const everySecond = "* * * * * *";
const everyHour = "0 0 * * * *";

/** All that the service does unasked. */
export function createJobs(options: JobsOptions): Job[] {
  const { config, stores, durability, serving, predictions, feedback, scenario, monitors, now, stopping } = options;
  return [
    { name: "follow-registry", pattern: everySecond, run: async () => void (await serving.follow()) },
    {
      name: "replay",
      pattern: everySecond,
      run: createReplay({
        config,
        customers: stores.replay,
        state: stores.state,
        durability,
        serving,
        service: predictions,
        scenario,
        random: options.random,
        now,
      }),
    },
    { name: "release-feedback", pattern: everySecond, run: createFeedbackRelease(feedback) },
    {
      name: "monitors",
      pattern: everySecond,
      interval: config.MONITOR_EVERY,
      run: createMonitorRun({ monitors, serving, sums: stores.sums, collect: options.collect }),
    },
    { name: "probe-storage", pattern: everySecond, run: createStorageProbe({ durability, state: stores.state, now }) },
    { name: "checkpoint", pattern: everySecond, run: options.checkpoint },
    { name: "retention", pattern: everyHour, run: createRetention({ config, ...stores, now, stopping }) },
  ];
}
