import { AppError, messageOf } from "../errors.ts";

interface Job<Item, Result> {
  items: readonly Item[];
  resolve(results: Result[]): void;
  reject(error: unknown): void;
}

export interface BatcherOptions<Item, Result> {
  /** Handles all items at once and gives one result an item, in their order. When it throws, every request of the batch fails. */
  run(items: Item[]): Promise<Result[]> | Result[];
  /** A batch takes whole requests until it has this many items. */
  batchLimit: number;
  /** Items that may wait; more are refused. */
  queueLimit: number;
  /** Batches that may be under way at once: while one waits for the disk, another for the next sync, a third is prepared. */
  concurrency?: number;
}

/**
 * Natural batching: whatever is queued when a batch may start becomes that batch. There is no timer, so a lone
 * request does not wait, and under load the cost of a batch (one inference, one transaction) is shared by all that are in it.
 */
export function createBatcher<Item, Result>({
  run,
  batchLimit,
  queueLimit,
  concurrency = 3,
}: BatcherOptions<Item, Result>) {
  let queue: Job<Item, Result>[] = [];
  let queued = 0;
  let isStarting = false;
  const running = new Set<Promise<void>>();

  function take(): Job<Item, Result>[] {
    let count = 0;
    let size = 0;
    while (
      count < queue.length &&
      (count === 0 || size + (queue[count] as Job<Item, Result>).items.length <= batchLimit)
    ) {
      size += (queue[count] as Job<Item, Result>).items.length;
      count++;
    }
    const jobs = queue.slice(0, count);
    queue = queue.slice(count);
    queued -= size;
    return jobs;
  }

  async function runBatch(jobs: Job<Item, Result>[]): Promise<void> {
    try {
      const results = await run(jobs.flatMap((job) => job.items));
      let start = 0;
      for (const job of jobs) {
        job.resolve(results.slice(start, start + job.items.length));
        start += job.items.length;
      }
    } catch (error) {
      const failure =
        error instanceof AppError
          ? error
          : new AppError("unavailable", `the request was not stored, send it again: ${messageOf(error)}`, {
              cause: error,
            });
      for (const job of jobs) job.reject(failure);
    }
  }

  function pump(): void {
    if (isStarting || queue.length === 0 || running.size >= concurrency) return;
    isStarting = true;
    // Lets every request that has already arrived join the batch.
    setImmediate(() => {
      isStarting = false;
      const batch = runBatch(take()).finally(() => {
        running.delete(batch);
        pump();
      });
      running.add(batch);
      pump();
    });
  }

  return {
    /**
     * @returns the results of `items`, once the batch that holds them is done.
     * @throws AppError `unavailable` when the queue is full or the batch failed.
     */
    submit(items: readonly Item[]): Promise<Result[]> {
      if (queued + items.length > queueLimit) {
        return Promise.reject(
          new AppError("unavailable", `${queued} requests are waiting already: try again in a second`),
        );
      }
      return new Promise((resolve, reject) => {
        queue.push({ items, resolve, reject });
        queued += items.length;
        pump();
      });
    },
    get length(): number {
      return queued;
    },
    /** Resolves when all that was submitted before the call is done; what comes later is not waited for. */
    async settled(): Promise<void> {
      const last = queue.at(-1);
      while (last && queue.includes(last))
        await (running.size > 0 ? Promise.race(running) : new Promise((resolve) => setImmediate(resolve)));
      await Promise.all(running);
    },
    /** Resolves when nothing is queued or running. */
    async idle(): Promise<void> {
      while (isStarting || running.size > 0)
        await (running.size > 0 ? Promise.race(running) : new Promise((resolve) => setImmediate(resolve)));
    },
  };
}
