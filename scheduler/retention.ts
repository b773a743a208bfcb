import type { Config } from "../src/config.ts";
import type { LabelStore } from "../src/storage/labels.ts";
import type { ModelStore } from "../src/storage/models.ts";
import type { MonitorResultStore } from "../src/storage/monitor-results.ts";
import type { PredictionStore } from "../src/storage/predictions.ts";
import type { ReplayStore } from "../src/storage/replay.ts";
import type { SumsStore } from "../src/storage/sums.ts";

const day = 86_400_000;
const chunk = 500;
/** Sums older than this are kept by the hour. */
const minutesKept = 2 * day;

export interface RetentionOptions {
  config: Pick<Config, "RETENTION_DAYS">;
  predictions: PredictionStore;
  labels: LabelStore;
  results: MonitorResultStore;
  sums: SumsStore;
  replay: ReplayStore;
  models: ModelStore;
  now: () => number;
  /** Aborted when the service stops: what is not deleted yet is at the next run. */
  stopping: AbortSignal;
}

/**
 * @returns the job: deletes what is older than RETENTION_DAYS and the replay customers of models long retired, and turns sums by
 *   the minute into sums by the hour, in chunks.
 */
export function createRetention({
  config,
  predictions,
  labels,
  results,
  sums,
  replay,
  models,
  now,
  stopping,
}: RetentionOptions) {
  async function inChunks(erase: () => number): Promise<void> {
    while (!stopping.aborted && erase() === chunk) await new Promise((resolve) => setImmediate(resolve));
  }

  return async function retention(): Promise<void> {
    const limit = now() - config.RETENTION_DAYS * day;
    await inChunks(() => predictions.eraseBefore(limit, chunk));
    await inChunks(() => results.eraseBefore(limit, chunk));
    await inChunks(() => sums.eraseBefore(limit, chunk));
    await inChunks(() => sums.rollUp(now() - minutesKept, chunk));
    labels.erasePendingBefore(limit);
    const current = models.current()?.version;
    if (current) await inChunks(() => replay.eraseExcept(current, models.previous() ?? current, chunk));
  };
}
