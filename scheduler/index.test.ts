import { expect, test } from "bun:test";
import { poll } from "../src/testing/service-process.ts";
import { type JobRun, startScheduler } from "./index.ts";

const everySecond = "* * * * * *";

test("a job that fails is reported and runs again; one that still runs is skipped, never doubled, and awaited at the end", async () => {
  const runs: JobRun[] = [];
  let under = 0;
  let most = 0;
  let ended = false;
  const gate = Promise.withResolvers<void>();
  const scheduler = startScheduler(
    [
      {
        name: "failing",
        pattern: everySecond,
        run() {
          throw new Error("no");
        },
      },
      {
        name: "slow",
        pattern: everySecond,
        async run() {
          most = Math.max(most, ++under);
          await gate.promise;
          under--;
          ended = true;
        },
      },
    ],
    (run) => void runs.push(run),
  );
  const count = (job: string, outcome: JobRun["outcome"]) =>
    runs.filter((run) => run.job === job && run.outcome === outcome).length;
  await poll(() => (count("failing", "failure") >= 2 && count("slow", "skipped") >= 1 ? true : undefined));
  const stopped = scheduler.stop();
  expect(await Promise.race([stopped.then(() => "stopped"), Promise.resolve("still running")])).toBe("still running");
  gate.resolve();
  await stopped;
  expect([most, ended, count("slow", "success")]).toEqual([1, true, 1]);
}, 15_000);
