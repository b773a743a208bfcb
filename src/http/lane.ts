import { AppError } from "../errors.ts";
import { createQueue } from "./queue.ts";
import { createRefusals, type RefusalsOptions } from "./refusals.ts";

export interface LaneOptions extends Omit<RefusalsOptions, "isAwaited"> {
  /** Pieces of work that may be under way at once. */
  limit: number;
  /** Further ones that may wait, in the order in which they came. */
  waiting: number;
  /** Milliseconds that one may wait. */
  patience: number;
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
 * Refusals are held back, lest they take the time of those who are served.
 */
export function createLane({ limit, waiting, patience, ...holding }: LaneOptions) {
  let running = 0;
  const line = createQueue<Waiter>();
  let isWatched = false;
  const refusals = createRefusals({ ...holding, isAwaited: () => line.length > 0 });

  const isFull = () => running >= limit && line.length >= waiting;
  const full = () => new AppError("unavailable", `${line.length} requests are waiting already: try again in a second`);
  const late = () =>
    new AppError("unavailable", `the request waited ${patience / 1000} s for its turn: try again in a second`);

  const refuse = (): Promise<never> => {
    const error = full();
    return new Promise((_, reject) => refusals.add(() => reject(error), false));
  };

  /** Refuses those who have waited too long, and comes back for the next. */
  function expire(): void {
    const time = performance.now();
    while (line.head && line.head.until <= time) refusals.add((line.take() as Waiter).refuse, true);
    isWatched = false;
    if (line.head) watch(line.head.until - time);
  }

  function watch(after: number): void {
    if (isWatched) return;
    isWatched = true;
    setTimeout(expire, after);
  }

  function leave(): void {
    const next = line.take();
    if (next) next.enter();
    else running--;
    refusals.answered();
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
      else if (line.length >= waiting) return refuse();
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
      return line.length;
    },
  };
}

/** The lanes of the service: single customers and labels, and whole batches and files, which are entered before they are read. */
export interface Lanes {
  single: Lane;
  bulk: Lane;
}

// Milliseconds: with the time in the line, less than a connection may be silent.
const longest = 20_000;

export const createLanes = (): Lanes => ({
  single: createLane({ limit: 512, waiting: 8192, patience: 2000, holding: 8192, hold: 2000, longest }),
  bulk: createLane({ limit: 8, waiting: 64, patience: 5000, holding: 256, hold: 2000, longest }),
});
