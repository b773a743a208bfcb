import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exampleCustomer } from "../../src/customer.ts";
import { generator, type Load, type LoadResult, runLoad, users } from "./load.ts";
import { median, printTable } from "./table.ts";
import { manyLargeTrees } from "./trained-model.ts";

const connections = 64;
const seconds = 5;
const rounds = 5;
const trees = 300;
const enough = 100_000;
const root = join(import.meta.dir, "../..");

const body = JSON.stringify(exampleCustomer);
const loads: { name: string; load: Pick<Load, "body" | "userId"> }[] = [
  { name: "always the same customer", load: { body } },
  {
    name: `each request another of ${users.toLocaleString("en")} customers`,
    load: { body, userId: exampleCustomer.user_id },
  },
];

interface Server {
  process: Bun.Subprocess<"ignore", "pipe", "inherit">;
  url: string;
  readyAfter: number;
}

async function startServer(script: string, env: Record<string, string>): Promise<Server> {
  const started = performance.now();
  const server = Bun.spawn([process.execPath, join(root, script)], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
    env: { ...process.env, ...env },
  });
  let output = "";
  for await (const chunk of server.stdout) {
    output += new TextDecoder().decode(chunk);
    const url = output.match(/http:\/\/127\.0\.0\.1:\d+/)?.[0];
    if (url) return { process: server, url, readyAfter: performance.now() - started };
  }
  throw new Error(`${script} did not start`);
}

async function stopServer({ process: server }: Server): Promise<void> {
  server.kill("SIGTERM");
  await server.exited;
}

async function run(script: string, options: string[], env: Record<string, string>): Promise<void> {
  const child = Bun.spawn([process.execPath, join(root, script), ...options], {
    stdout: "ignore",
    stderr: "ignore",
    env: { ...process.env, ...env },
  });
  if ((await child.exited) !== 0) throw new Error(`${script} failed`);
}

async function gauge(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(text.match(new RegExp(`^${name} (\\S+)$`, "m"))?.[1]);
}

type Pair = Record<"bare" | "service", LoadResult>;

function printPairs(title: string, pairs: readonly Pair[]): void {
  const ratio = (of: keyof LoadResult) => median(pairs.map(({ bare, service }) => service[of] / bare[of])).toFixed(2);
  const row = (label: string, name: keyof Pair) => [
    label,
    Math.round(median(pairs.map((pair) => pair[name].requestsPerSecond))).toLocaleString("en"),
    median(pairs.map((pair) => pair[name].p99)).toFixed(1),
    String(pairs.reduce((sum, pair) => sum + pair[name].failures, 0)),
  ];
  printTable(title, [
    ["", "requests/s", "p99 (ms)", "failures"],
    row("bare Bun.serve, JSON + zod", "bare"),
    row("POST /predict, durable", "service"),
    ["ratio (median of rounds)", ratio("requestsPerSecond"), ratio("p99"), ""],
  ]);
}

/**
 * Serving: throughput and latency of POST /predict, every answer durable, against a bare server that parses and validates
 * the same body; in turns, so that both see the same machine. Also the time to readiness and the memory.
 */
export async function benchServe(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "churnwatch-bench-"));
  const env = { DATA_DIR: join(folder, "data"), PORT: "0", REPLAY_RATE: "5", LOG_LEVEL: "warn", PUSHGATEWAY_URL: "" };
  try {
    process.stderr.write(`training a model of at most ${trees} trees\n`);
    await run("src/data/sample.ts", ["--rows", "100000", "--out", join(folder, "sample.csv")], env);
    await run(
      "src/training/train.ts",
      ["--data", join(folder, "sample.csv"), "--rounds", String(trees), ...manyLargeTrees],
      env,
    );
    const bare = await startServer("ops/bench/bare-server.ts", {});
    const service = await startServer("src/main.ts", env);
    const measure = async ({ url }: Server, load: (typeof loads)[number]["load"]) =>
      runLoad({ url: `${url}/predict`, ...load, connections, seconds });
    const pairs: Pair[][] = loads.map(() => []);
    for (let round = 0; round <= rounds; round++) {
      for (const [i, { name, load }] of loads.entries()) {
        const pair = { bare: await measure(bare, load), service: await measure(service, load) };
        // The first round warms both up.
        if (round === 0) continue;
        pairs[i]?.push(pair);
        process.stderr.write(
          `round ${round} of ${rounds}, ${name}: ${Math.round(pair.bare.requestsPerSecond)} and ${Math.round(pair.service.requestsPerSecond)} requests/s, p99 ${pair.bare.p99.toFixed(1)} and ${pair.service.p99.toFixed(1)} ms\n`,
        );
      }
    }
    const stored = () => gauge(service.url, "churn_prediction_probability_count\\{[^}]*\\}");
    while ((await stored()) < enough) await measure(service, { body });
    const predictions = await stored();
    const memory = await gauge(service.url, "process_resident_memory_bytes");
    for (const [i, { name }] of loads.entries())
      printPairs(
        `Serving, ${name}: ${connections} connections, ${trees} trees, medians of ${rounds} rounds of ${seconds} s, load by ${generator}`,
        pairs[i] as Pair[],
      );
    await stopServer(service);
    await stopServer(bare);
    const again = await startServer("src/main.ts", env);
    printTable("Start and memory", [
      ["ready with a model on disk (ms)", Math.round(again.readyAfter).toString()],
      [
        `resident memory after ${predictions.toLocaleString("en")} predictions (MB)`,
        Math.round(memory / 1e6).toString(),
      ],
    ]);
    await stopServer(again);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
