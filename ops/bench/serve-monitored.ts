import { cpSync } from "node:fs";
import { join } from "node:path";
import { exampleCustomer } from "../../src/customer.ts";
import { type RunningService, startProcess } from "../../src/testing/service-process.ts";
import { generator, type LoadResult, runLoad } from "./load.ts";
import { median, printTable } from "./table.ts";
import { manyLargeTrees, trainModel } from "./trained-model.ts";

const connections = 64;
const rounds = 16;
/** Short, so that both sides see the same machine, and as long as it is between two looks: each round has one. */
const seconds = 5;
const trees = 300;

type Side = "idle" | "at work";
/** Seconds between two looks of the monitors: never in this run, and three times as often as by default. */
const every: Record<Side, string> = { idle: "86400", "at work": String(seconds) };

interface Turn extends LoadResult {
  looks: number;
  /** Milliseconds of a processor, all threads of the service together, for 1,000 requests. */
  processor: number;
}

async function read({ url }: RunningService): Promise<{ looks: number; processor: number }> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const figure = (name: string) => Number(text.match(new RegExp(`^${name} (\\S+)$`, "m"))?.[1]);
  return {
    looks: figure('churn_job_runs_total\\{job="monitors",outcome="success"\\}'),
    processor: figure("process_cpu_seconds_total"),
  };
}

async function takeTurn(service: RunningService, body: string): Promise<Turn> {
  const before = await read(service);
  const result = await runLoad({ url: `${service.url}/predict`, body, connections, seconds });
  const after = await read(service);
  const requests = result.requestsPerSecond * seconds;
  return {
    ...result,
    looks: after.looks - before.looks,
    processor: (1e6 * (after.processor - before.processor)) / requests,
  };
}

/**
 * What the monitors cost serving: POST /predict of two services with the same model, one of which looks at its window every 5 s
 * and one of which never does, in turns, so that both see the same machine. No replay. What a processor does for a request hardly
 * depends on other programs, as the rate does.
 */
export async function benchMonitored(): Promise<void> {
  process.stderr.write(`training a model of at most ${trees} trees\n`);
  const { directory, remove } = await trainModel(100_000, trees, manyLargeTrees);
  const services = new Map<Side, RunningService>();
  try {
    for (const side of ["idle", "at work"] as const) {
      const own = join(directory, "..", side.replace(" ", "-"));
      cpSync(directory, own, { recursive: true });
      services.set(side, await startProcess({ DATA_DIR: own, REPLAY_RATE: "0", MONITOR_EVERY: every[side] }));
    }
    const body = JSON.stringify(exampleCustomer);
    const results: Record<Side, Turn[]> = { idle: [], "at work": [] };
    for (let round = 0; round <= rounds; round++) {
      // The first round warms both up; who begins takes turns.
      const sides = [...services];
      for (const [side, service] of round % 2 === 0 ? sides : sides.toReversed()) {
        const result = await takeTurn(service, body);
        if (round === 0) continue;
        results[side].push(result);
        process.stderr.write(
          `round ${round} of ${rounds}, ${side}: ${Math.round(result.requestsPerSecond)} requests/s\n`,
        );
      }
    }
    const row = (side: Side) => [
      `monitors ${side}`,
      Math.round(median(results[side].map((result) => result.requestsPerSecond))).toLocaleString("en"),
      median(results[side].map((result) => result.p99)).toFixed(1),
      String(results[side].reduce((sum, result) => sum + result.failures, 0)),
      median(results[side].map((result) => result.processor)).toFixed(1),
      String(results[side].reduce((sum, result) => sum + result.looks, 0)),
    ];
    const ratio = (of: keyof Turn) =>
      median(results["at work"].map((result, i) => result[of] / (results.idle[i] as Turn)[of])).toFixed(2);
    printTable(
      `Serving with monitors: POST /predict, ${connections} connections, ${trees} trees, medians of ${rounds} rounds of ${seconds} s, load by ${generator}`,
      [
        ["", "requests/s", "p99 (ms)", "failures", "processor (ms per 1,000)", "looks"],
        row("idle"),
        row("at work"),
        [
          "ratio (median of rounds), wanted ≥ 0.95",
          ratio("requestsPerSecond"),
          ratio("p99"),
          "",
          ratio("processor"),
          "",
        ],
      ],
    );
  } finally {
    for (const service of services.values()) await service.end("SIGTERM");
    remove();
  }
}
