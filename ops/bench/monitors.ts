import { cpus } from "node:os";
import { join } from "node:path";
import { type ScenarioName, scenarioNames } from "../../src/config.ts";
import { generate } from "../../src/data/synthetic.ts";
import { severities } from "../../src/storage/monitor-results.ts";
import type { Detection } from "./detection.ts";
import { benchMonitorCost } from "./monitor-cost.ts";
import { preparePool } from "./monitored-stream.ts";
import type { Task } from "./monitors-part.ts";
import { benchMultivariate } from "./multivariate.ts";
import { printTable } from "./table.ts";
import { checkThresholds } from "./threshold-check.ts";
import { loadModel, trainModel } from "./trained-model.ts";

export interface MonitorBenchOptions {
  /** Undisturbed days that are simulated. */
  days: number;
  /** Runs of each scenario. */
  seeds: number;
  /** The one part that is to run, or all. */
  only?: MonitorBenchPart;
  /** The one scenario that is to run, or all. */
  scenario?: ScenarioName;
}

export const monitorBenchParts = ["laws", "multivariate", "scenarios", "days", "cost"] as const;
export type MonitorBenchPart = (typeof monitorBenchParts)[number];
export const playedScenarios = scenarioNames.filter((name) => name !== "none");

const quantile = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
};

/** Shares tasks out among processes, one for each core. @returns the results in the order of the tasks. */
async function work<Result>(directory: string, tasks: readonly Task[], what: string): Promise<Result[]> {
  const parts = cpus().length;
  const results: Result[] = new Array(tasks.length);
  let done = 0;
  await Promise.all(
    Array.from({ length: parts }, async (_, part) => {
      const own = tasks.flatMap((task, i) => (i % parts === part ? [{ task, i }] : []));
      const child = Bun.spawn(
        [
          process.execPath,
          join(import.meta.dir, "monitors-part.ts"),
          directory,
          JSON.stringify(own.map(({ task }) => task)),
        ],
        { stdout: "pipe", stderr: "inherit" },
      );
      let text = "";
      let next = 0;
      const decoder = new TextDecoder();
      for await (const chunk of child.stdout) {
        text += decoder.decode(chunk, { stream: true });
        const lines = text.split("\n");
        text = lines.pop() as string;
        for (const line of lines) {
          results[own[next++]?.i as number] = JSON.parse(line) as Result;
          process.stderr.write(`\r${what}: ${++done} of ${tasks.length} `);
        }
      }
      if ((await child.exited) !== 0) throw new Error(`${what} failed`);
    }),
  );
  process.stderr.write("\n");
  return results;
}

function detectionRow(scenario: ScenarioName, runs: readonly Detection[]): string[] {
  const seen = runs.flatMap(({ windows }) => (windows === null ? [] : [windows]));
  const percent = (count: number, of = runs.length) => (of === 0 ? "–" : `${Math.round((100 * count) / of)} %`);
  const named = runs.filter(({ isNamed }) => isNamed !== null);
  const worst = severities[Math.max(...runs.map((run) => severities.indexOf(run.worst)))] as string;
  return [
    scenario,
    quantile(seen, 0.5).toFixed(2),
    quantile(seen, 0.95).toFixed(2),
    percent(named.filter(({ isNamed }) => isNamed).length, named.length),
    percent(runs.filter(({ isEarly }) => isEarly).length),
    percent(runs.length - seen.length),
    percent(runs.filter(({ isEstimated }) => isEstimated).length),
    worst,
  ];
}

/** Customers that the model was not made from. */
const freshCustomers = { rows: 300_000, seed: 987 };

/**
 * How soon each scenario is noticed, whether the right field is named, and how often there is an alarm when nothing happens:
 * the service's own window, monitors and judge over replayed held-out customers, at the default settings, in simulated time.
 */
export async function benchMonitors({ days, seeds, only, scenario }: MonitorBenchOptions): Promise<void> {
  const isWanted = (part: MonitorBenchPart): boolean => (only ?? (scenario ? "scenarios" : part)) === part;
  process.stderr.write("training a model\n");
  const { directory, remove } = await trainModel(200_000, 300);
  try {
    const loaded = await loadModel(directory);
    if (isWanted("laws")) checkThresholds(loaded.model, await preparePool(loaded.model, [...generate(freshCustomers)]));
    if (isWanted("multivariate")) await benchMultivariate(loaded.model, loaded.customers);
    loaded.stores.close();
    if (isWanted("scenarios")) await benchScenarios(directory, scenario ? [scenario] : playedScenarios, seeds);
    if (isWanted("days")) await benchDays(directory, days);
    // Last, since it leaves a million predictions behind.
    if (isWanted("cost")) await benchMonitorCost(directory);
  } finally {
    remove();
  }
}

async function benchScenarios(directory: string, played: readonly ScenarioName[], seeds: number): Promise<void> {
  const runs = await work<Detection>(
    directory,
    played.flatMap((scenario) => Array.from({ length: seeds }, (_, i) => ({ scenario, seed: i + 1 }))),
    "scenarios",
  );
  printTable(
    `Drift scenarios, ${seeds} runs of each: windows of 2,000 predictions from the onset (concept: from when its labels are due) to the first right alarm`,
    [
      [
        "scenario",
        "median",
        "95 %",
        "right field named first",
        "alarm before onset",
        "missed in 4 windows",
        "claimed by the estimate",
        "worst severity",
      ],
      ...played.map((scenario, s) => detectionRow(scenario, runs.slice(s * seeds, (s + 1) * seeds))),
    ],
  );
}

async function benchDays(directory: string, days: number): Promise<void> {
  const raised = await work<Record<string, number>>(
    directory,
    Array.from({ length: days }, (_, day) => ({ day: 1000 + day })),
    "undisturbed days",
  );
  const bad = raised.filter((day) => Object.keys(day).length > 0);
  printTable(`Undisturbed days at the default settings: ${(24 * 3600) / 15} looks a day, every monitor`, [
    ["days", "with any alarm", "share", "which"],
    [
      String(days),
      String(bad.length),
      `${((100 * bad.length) / days).toFixed(1)} %`,
      [...new Set(bad.flatMap((day) => Object.keys(day)))].join(", ") || "none",
    ],
  ]);
}
