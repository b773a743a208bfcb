import type { JobRun } from "../scheduler/index.ts";
import type { Metrics } from "./metrics.ts";
import { monitorNames } from "./monitoring/finding.ts";

/** Counts what becomes of the runs of these jobs. @returns what is to be told of each run */
export function observeJobs(
  { instruments }: Pick<Metrics, "instruments">,
  names: readonly string[],
  now: () => number,
): (run: JobRun) => void {
  // Until its first success, as old as the service: of what has never succeeded nobody would else be told.
  for (const job of names) instruments.jobLastSuccess.set({ job }, now() / 1000);
  for (const monitor of monitorNames) instruments.monitorLastSuccess.set({ monitor }, now() / 1000);
  for (const job of names)
    for (const outcome of ["success", "failure", "skipped"]) instruments.jobRuns.inc({ job, outcome }, 0);

  return ({ job, outcome, durationSeconds }) => {
    instruments.jobRuns.inc({ job, outcome });
    if (outcome === "skipped") return;
    instruments.jobDuration.observe({ job }, durationSeconds);
    if (outcome === "success") instruments.jobLastSuccess.set({ job }, now() / 1000);
  };
}
