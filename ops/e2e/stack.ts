import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, type Process, startProcess, until } from "./processes.ts";
import type { Tools } from "./tools.ts";

const root = join(import.meta.dir, "..", "..");

export interface Sample {
  metric: Record<string, string>;
  value: number;
}

/** The addresses in ops/prometheus/prometheus.yml, by the name that they have among containers. */
type Addresses = Record<"churnwatch:8000" | "pushgateway:9091" | "alertmanager:9093" | "localhost:9090", string>;

/**
 * The committed configuration with other addresses and a faster clock; everything else stays as it is. A scrape may last as long as
 * its interval, and where it fails the `for` of an alert begins anew: with scrapes every second, a machine that stalls the service
 * for 2.6 s every 20 s keeps all of them from firing.
 */
export function localConfiguration(configuration: string, addresses: Addresses): string {
  let local = configuration
    .replaceAll("evaluation_interval: 15s", "evaluation_interval: 1s")
    .replaceAll("scrape_interval: 15s", "scrape_interval: 2s");
  for (const [container, address] of Object.entries(addresses)) {
    if (!local.includes(container)) throw new Error(`ops/prometheus/prometheus.yml names no ${container}`);
    local = local.replaceAll(container, address);
  }
  return local;
}

export interface Target {
  /** Its label `instance`. */
  instance: string;
  /** host:port */
  address: string;
}

export interface PrometheusOptions {
  rules?: (text: string) => string;
  services?: readonly Target[];
}

/** The configuration with other targets in the place of the one service. @throws Error when it has no job of it */
function withServices(configuration: string, services: readonly Target[]): string {
  const parsed = Bun.YAML.parse(configuration) as { scrape_configs: { job_name: string; static_configs: unknown }[] };
  const job = parsed.scrape_configs.find(({ job_name }) => job_name === "churnwatch");
  if (!job) throw new Error("ops/prometheus/prometheus.yml has no job churnwatch");
  job.static_configs = services.map(({ instance, address }) => ({ targets: [address], labels: { instance } }));
  return JSON.stringify(parsed);
}

/** A folder of its own with the parts of the product that run side by side on free ports of loopback. */
export function createStack({ path }: Tools) {
  const folder = mkdtempSync(join(tmpdir(), "churnwatch-ops-"));
  const dataDirectory = join(folder, "data");
  const addresses: Addresses = {
    "churnwatch:8000": `127.0.0.1:${freePort()}`,
    "pushgateway:9091": `127.0.0.1:${freePort()}`,
    "alertmanager:9093": `127.0.0.1:${freePort()}`,
    "localhost:9090": `127.0.0.1:${freePort()}`,
  };
  const service = `http://${addresses["churnwatch:8000"]}`;
  const pushgateway = `http://${addresses["pushgateway:9091"]}`;
  const alertmanager = `http://${addresses["alertmanager:9093"]}`;
  const prometheus = `http://${addresses["localhost:9090"]}`;
  const started: { name: string; child: Process }[] = [];

  async function start(
    name: string,
    ready: string,
    command: string[],
    environment: Record<string, string> = {},
  ): Promise<Process> {
    const child = startProcess(folder, name, command, environment);
    started.push({ name, child });
    await until(
      `${name} to be ready`,
      async () => {
        if (child.hasExited()) throw new Error(`${name} ended: ${child.output().slice(-2000)}`);
        return (await fetch(ready)).ok || null;
      },
      30,
    );
    return child;
  }

  return {
    folder,
    dataDirectory,
    service,
    pushgateway,
    alertmanager,
    prometheus,

    /** Runs one of the project's scripts to its end. */
    async run(script: string, options: string[], environment: Record<string, string> = {}) {
      const child = Bun.spawn([process.execPath, join(root, script), ...options], {
        stdin: "ignore",
        stdout: "pipe",
        stderr: "pipe",
        env: { ...process.env, DATA_DIR: dataDirectory, ...environment },
      });
      const [stderr, stdout, exitCode] = await Promise.all([
        new Response(child.stderr).text(),
        new Response(child.stdout).text(),
        child.exited,
      ]);
      return { exitCode, stdout, stderr };
    },

    /** @param file where it keeps what was pushed; Debian's would else keep it in a file that all share */
    startPushgateway: (file = "") =>
      start("pushgateway", `${pushgateway}/-/ready`, [
        path["prometheus-pushgateway"],
        `--web.listen-address=${addresses["pushgateway:9091"]}`,
        `--persistence.file=${file}`,
      ]),

    /** @param receivers whom to tell, as ops/alertmanager/start.sh reads it; groups wait for a second, not for a minute */
    startAlertmanager(receivers: Record<string, string> = {}) {
      const configuration = join(folder, "alertmanager-files");
      cpSync(join(root, "ops/alertmanager"), configuration, { recursive: true });
      const committed = readFileSync(join(configuration, "alertmanager.yml"), "utf8");
      const hurried = committed.replaceAll(/group_(wait|interval): \d+[sm]/g, "group_$1: 1s");
      writeFileSync(join(configuration, "alertmanager.yml"), hurried);
      return start(
        "alertmanager",
        `${alertmanager}/-/ready`,
        [
          join(configuration, "start.sh"),
          `--storage.path=${join(folder, "alertmanager")}`,
          `--web.listen-address=${addresses["alertmanager:9093"]}`,
          "--cluster.listen-address=",
        ],
        {
          ALERTMANAGER_START: path["prometheus-alertmanager"],
          ALERTMANAGER_CONFIGURATION: join(folder, "alertmanager.yml"),
          ...receivers,
        },
      );
    },

    /** With the committed rules as `rules` makes them, and with other services than the one of this stack when they are given. */
    startPrometheus({ rules = (text) => text, services }: PrometheusOptions = {}) {
      const configuration = join(folder, "prometheus");
      mkdirSync(configuration);
      const committed = (name: string) => readFileSync(join(root, "ops/prometheus", name), "utf8");
      writeFileSync(join(configuration, "rules.yml"), rules(committed("rules.yml")));
      const local = localConfiguration(committed("prometheus.yml"), addresses);
      writeFileSync(join(configuration, "prometheus.yml"), services ? withServices(local, services) : local);
      return start("prometheus", `${prometheus}/-/ready`, [
        path.prometheus,
        `--config.file=${join(configuration, "prometheus.yml")}`,
        `--storage.tsdb.path=${join(folder, "tsdb")}`,
        "--enable-feature=exemplar-storage",
        `--web.listen-address=${addresses["localhost:9090"]}`,
      ]);
    },

    startService: (environment: Record<string, string>) =>
      start("service", `${service}/health/ready`, [process.execPath, join(root, "src/main.ts")], {
        DATA_DIR: dataDirectory,
        HOST: "127.0.0.1",
        PORT: addresses["churnwatch:8000"].split(":")[1] as string,
        PUSHGATEWAY_URL: pushgateway,
        ...environment,
      }),

    /** @throws Error when Prometheus refuses the expression. */
    async query(expression: string): Promise<Sample[]> {
      const response = await fetch(`${prometheus}/api/v1/query`, {
        method: "POST",
        body: new URLSearchParams({ query: expression }),
      });
      const answer = (await response.json()) as {
        status: string;
        error?: string;
        data: { result: { metric: Record<string, string>; value: [number, string] }[] };
      };
      if (answer.status !== "success") throw new Error(`${expression}: ${answer.error}`);
      return answer.data.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
    },

    /** The traces that exemplars of the last five minutes lead to. @param expression the series that have them */
    async exemplarTraces(expression: string): Promise<string[]> {
      const now = Date.now() / 1000;
      const response = await fetch(`${prometheus}/api/v1/query_exemplars`, {
        method: "POST",
        body: new URLSearchParams({ query: expression, start: String(now - 300), end: String(now + 1) }),
      });
      const { data } = (await response.json()) as { data: { exemplars: { labels: { trace_id: string } }[] }[] };
      return data.flatMap(({ exemplars }) => exemplars.map(({ labels }) => labels.trace_id));
    },

    /** The last lines of every program, with a word on those that ended by themselves: for the report of a failure. */
    report: (): string =>
      started
        .map(({ name, child }) => `${name}${child.hasExited() ? " (ended!)" : ""}: ${child.output().slice(-600)}`)
        .join("\n"),

    async stop(): Promise<void> {
      for (const { child } of started.reverse()) await child.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export type Stack = ReturnType<typeof createStack>;
