import { Cron } from "croner";

export interface Job {
  name: string;
  /** When it may run: a cron pattern with seconds, UTC. */
  pattern: string;
  /** Seconds between two runs at least. */
  interval?: number;
  run(): Promise<void> | void;
}

export interface JobRun {
  job: string;
  outcome: "success" | "failure" | "skipped";
  durationSeconds: number;
  error?: unknown;
}

export interface Scheduler {
  /** Starts no further run and waits for those that are under way. */
  stop(): Promise<void>;
}

/**
 * Runs every job when it is due. A run that would overlap the one before it is skipped, and a run that fails does not
 * end the job; `onRun` is told of each.
 */
export function startScheduler(jobs: readonly Job[], onRun: (run: JobRun) => void): Scheduler {
  const running = new Set<Promise<void>>();

  async function runOnce(job: Job): Promise<void> {
    const start = performance.now();
    const seconds = () => (performance.now() - start) / 1000;
    try {
      await job.run();
      onRun({ job: job.name, outcome: "success", durationSeconds: seconds() });
    } catch (error) {
      onRun({ job: job.name, outcome: "failure", durationSeconds: seconds(), error });
    }
  }

  const crons = jobs.map(
    (job) =>
      new Cron(
        job.pattern,
        {
          ...(job.interval && { interval: job.interval }),
          // An offset, since a named zone makes every step of the search for the next run a calendar computation.
          utcOffset: 0,
          protect: () => onRun({ job: job.name, outcome: "skipped", durationSeconds: 0 }),
          catch: (error) => onRun({ job: job.name, outcome: "failure", durationSeconds: 0, error }),
        },
        () => {
          const run = runOnce(job).finally(() => running.delete(run));
          running.add(run);
          return run;
        },
      ),
  );

  return {
    async stop() {
      for (const cron of crons) cron.stop();
      await Promise.all(running);
    },
  };
}
