import { doTask, type Phase } from "./tasks.ts";
import type { Workspace } from "./workspace.ts";

/** Thrown when a worker took a task and did not finish it: what is in shared memory is then of no use. */
export class CrewError extends Error {
  override readonly name = "CrewError";
}

/** The threads of a fit: this one and its workers. */
export interface Crew {
  /** Does tasks 0 … count − 1 of a phase and returns when all are done; on this thread alone when they are not worth sharing. */
  run(kind: Phase, count: number, isWorthSharing: boolean): void;
  close(): void;
}

/** A thread that is sent a Job and calls `work`. */
export interface Helper {
  stop(): void;
}
export type StartHelper = (job: Job) => Helper;

export interface Job {
  workspace: Workspace;
  control: Int32Array;
}

/** Places of the control array: `started` counts helpers, `helped` the tasks that they did. */
export const place = {
  generation: 0,
  kind: 1,
  waiting: 2,
  unfinished: 3,
  failed: 4,
  started: 5,
  helped: 6,
  size: 7,
} as const;
const stopped = -1;
const spins = 2000;

/** Waits until the number at a place is no longer `value`: a moment awake, for phases are short, then asleep. */
function waitWhile(control: Int32Array, at: number, value: number, limit: number): boolean {
  for (let i = 0; i < spins; i++) if (Atomics.load(control, at) !== value) return true;
  while (Atomics.load(control, at) === value) {
    if (Atomics.wait(control, at, value, limit) === "timed-out") return false;
  }
  return true;
}

/**
 * Takes tasks until none is waiting. What the phase is about is read only once a task has been taken, so a late thread cannot
 * mistake one phase for another.
 * @returns how many it did
 */
function takeTasks({ workspace, control }: Job): number {
  for (let done = 0; ; done++) {
    const task = Atomics.sub(control, place.waiting, 1) - 1;
    if (task < 0) return done;
    try {
      doTask(workspace, Atomics.load(control, place.kind) as Phase, task);
    } catch (error) {
      Atomics.store(control, place.failed, 1);
      throw error;
    } finally {
      if (Atomics.sub(control, place.unfinished, 1) === 1) Atomics.notify(control, place.unfinished);
    }
  }
}

/** What a helper does until the crew is closed. */
export function work(job: Job): void {
  const { control } = job;
  Atomics.add(control, place.started, 1);
  Atomics.notify(control, place.started);
  for (;;) {
    const generation = Atomics.load(control, place.generation);
    if (generation === stopped) return;
    Atomics.add(control, place.helped, takeTasks(job));
    waitWhile(control, place.generation, generation, Number.POSITIVE_INFINITY);
  }
}

export function startWorker(job: Job): Helper {
  const worker = new Worker(new URL("./worker.ts", import.meta.url).href);
  worker.postMessage(job);
  return { stop: () => worker.terminate() };
}

export interface CrewOptions {
  /** Milliseconds to wait for a task that another thread has taken. */
  patience: number;
  startHelper: StartHelper;
}
export const defaultCrewOptions: CrewOptions = { patience: 30_000, startHelper: startWorker };

/**
 * Starts `threads − 1` helpers. Nobody waits for them: tasks are taken by whoever is there, so a helper that never starts
 * only leaves more to the others.
 */
export function createCrew(workspace: Workspace, threads: number, { patience, startHelper }: CrewOptions): Crew {
  const control = new Int32Array(new SharedArrayBuffer(4 * place.size));
  const job: Job = { workspace, control };
  const helpers = Array.from({ length: threads - 1 }, () => startHelper(job));

  return {
    run(kind, count, isWorthSharing) {
      if (helpers.length === 0 || !isWorthSharing || count < 2) {
        for (let task = 0; task < count; task++) doTask(workspace, kind, task);
        return;
      }
      Atomics.store(control, place.kind, kind);
      Atomics.store(control, place.unfinished, count);
      Atomics.store(control, place.waiting, count);
      Atomics.store(control, place.generation, (Atomics.load(control, place.generation) + 1) & 0x3fffffff);
      Atomics.notify(control, place.generation);
      takeTasks(job);
      for (let left = Atomics.load(control, place.unfinished); left > 0; ) {
        if (!waitWhile(control, place.unfinished, left, patience)) throw new CrewError("a worker does not answer");
        left = Atomics.load(control, place.unfinished);
      }
      if (Atomics.load(control, place.failed) === 1) throw new CrewError("a worker failed");
    },
    close() {
      Atomics.store(control, place.generation, stopped);
      Atomics.notify(control, place.generation);
      for (const helper of helpers) helper.stop();
    },
  };
}
