import { cpSync } from "node:fs";
import { join } from "node:path";
import { exampleCustomer } from "../../src/customer.ts";
import { type RunningService, startProcess } from "../../src/testing/service-process.ts";
import { generator, type LoadResult, runLoad } from "./load.ts";
import { median, printTable } from "./table.ts";
import { trainModel } from "./trained-model.ts";

const connections = 64;
const rounds = 6;
/** As often as the monitors look by default, so that each round has one look. */
const seconds = 15;
const trees = 300;

type Side = "idle" | "at work";
/** Seconds between two looks of the monitors: never in this run, and as usual. */
const every: Record<Side, string> = { idle: "86400", "at work": "15" };

async function looks({ url }: RunningService): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(text.match(/^churn_job_runs_total\{job="monitors",outcome="success"\} (\S+)$/m)?.[1]);
}

/**
 * What the monitors cost serving: POST /predict of two services with the same model, one of which looks at its window every 15 s
 * and one of which never does, in turns, so that both see the same machine. No replay.
 */
export async function benchMonitored(): Promise<void> {
  process.stderr.write(`training a model of at most ${trees} trees\n`);
  const { directory, remove } = await trainModel(100_000, trees, ["--patience", "0"]);
  const services = new Map<Side, RunningService>();
  try {
    for (const side of ["idle", "at work"] as const) {
      const own = join(directory, "..", side.replace(" ", "-"));
      cpSync(directory, own, { recursive: true });
      services.set(side, await startProcess({ DATA_DIR: own, REPLAY_RATE: "0", MONITOR_EVERY: every[side] }));
    }
    const body = JSON.stringify(exampleCustomer);
    const results: Record<Side, LoadResult[]> = { idle: [], "at work": [] };
    const looked: Record<Side, number> = { idle: 0, "at work": 0 };
    for (let round = 0; round <= rounds; round++) {
      // The first round warms both up; who begins takes turns.
      const sides = [...services];
      for (const [side, service] of round % 2 === 0 ? sides : sides.toReversed()) {
        const before = await looks(service);
        const result = await runLoad({ url: `${service.url}/predict`, body, connections, seconds });
        if (round === 0) continue;
        looked[side] += (await looks(service)) - before;
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
      String(looked[side]),
    ];
    const ratio = (of: keyof LoadResult) =>
      median(results["at work"].map((result, i) => result[of] / (results.idle[i] as LoadResult)[of])).toFixed(2);
    printTable(
      `Serving with monitors: POST /predict, ${connections} connections, ${trees} trees, medians of ${rounds} rounds of ${seconds} s, load by ${generator}`,
      [
        ["", "requests/s", "p99 (ms)", "failures", "looks"],
        row("idle"),
        row("at work"),
        ["ratio (median of rounds), wanted ≥ 0.95", ratio("requestsPerSecond"), ratio("p99"), "", ""],
      ],
    );
  } finally {
    for (const service of services.values()) await service.end("SIGTERM");
    remove();
  }
}
