import { AppError } from "../errors.ts";

export interface LaneOptions {
  /** Pieces of work that may be under way at once. */
  limit: number;
  /** Further ones that may wait, in the order in which they came. */
  waiting: number;
  /** Milliseconds that one may wait. */
  patience: number;
  /** Refusals that may be held back at once. */
  holding: number;
  /** Milliseconds that a refusal is held back. */
  hold: number;
}

interface Waiter {
  enter(): void;
  refuse(): void;
  until: number;
}

export type Lane = ReturnType<typeof createLane>;

/**
 * Bounds the work that is under way and the work that waits, so that more load than can be carried costs neither memory nor
 * the time of those who are served: nobody waits longer than `patience`, and whoever would make the line too long is refused.
 * A refusal costs about as much as an answer, so clients that come again at once would leave no time for answers: it is held back.
 */
export function createLane({ limit, waiting, patience, holding, hold }: LaneOptions) {
  let running = 0;
  let line: Waiter[] = [];
  // Those before it have left the line; taking each out by itself would move all others.
  let first = 0;
  let isWatched = false;
  let held = 0;

  const length = () => line.length - first;
  const isFull = () => running >= limit && length() >= waiting;
  const full = () => new AppError("unavailable", `${length()} requests are waiting already: try again in a second`);
  const late = () =>
    new AppError("unavailable", `the request waited ${patience / 1000} s for its turn: try again in a second`);

  async function refuse(): Promise<never> {
    const error = full();
    if (held >= holding) throw error;
    held++;
    await new Promise((resolve) => setTimeout(resolve, hold));
    held--;
    throw error;
  }

  function take(): Waiter {
    const waiter = line[first++] as Waiter;
    if (first === line.length) {
      line = [];
      first = 0;
    } else if (first >= waiting) {
      line = line.slice(first);
      first = 0;
    }
    return waiter;
  }

  /** Refuses those who have waited too long, and comes back for the next. */
  function expire(): void {
    const time = performance.now();
    while (length() > 0 && (line[first] as Waiter).until <= time) take().refuse();
    isWatched = false;
    if (length() > 0) watch((line[first] as Waiter).until - time);
  }

  function watch(after: number): void {
    if (isWatched) return;
    isWatched = true;
    setTimeout(expire, after);
  }

  function leave(): void {
    if (length() > 0) take().enter();
    else running--;
  }

  const wait = (): Promise<void> =>
    new Promise((enter, reject) => {
      line.push({ enter, refuse: () => reject(late()), until: performance.now() + patience });
      watch(patience);
    });

  return {
    /** @throws AppError `unavailable` when the line is full: before anything is spent on a request. */
    async check(): Promise<void> {
      if (isFull()) await refuse();
    },
    /**
     * Does `work` when its turn comes.
     * @throws AppError `unavailable` when the line is full, or the turn does not come in time.
     */
    async run<T>(work: () => Promise<T>): Promise<T> {
      if (running < limit) running++;
      else if (length() >= waiting) return refuse();
      else await wait();
      try {
        return await work();
      } finally {
        leave();
      }
    },
    get isFull(): boolean {
      return isFull();
    },
    /** How many wait. */
    get length(): number {
      return length();
    },
  };
}

/** The lanes of the service: single customers and labels, and whole batches and files, which are entered before they are read. */
export interface Lanes {
  single: Lane;
  bulk: Lane;
}

export const createLanes = (): Lanes => ({
  single: createLane({ limit: 512, waiting: 8192, patience: 2000, holding: 8192, hold: 2000 }),
  bulk: createLane({ limit: 8, waiting: 64, patience: 5000, holding: 256, hold: 2000 }),
});
