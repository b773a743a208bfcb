import { readdirSync, readFileSync } from "node:fs";
import { exampleCustomer } from "../../src/customer.ts";
import { startProcess } from "../../src/testing/service-process.ts";
import { runLoad } from "./load.ts";
import { type OpenLoadResult, runOpenLoad } from "./open-loop.ts";
import { recovery } from "./recovery.ts";
import { median } from "./table.ts";
import { trainModel } from "./trained-model.ts";
import type { TrustRow } from "./trust-row.ts";

export interface OverloadOptions {
  /** Minutes of load at half of what it can carry. */
  soakMinutes: number;
}

const body = JSON.stringify(exampleCustomer);
const peakConnections = [64, 256, 1024];
const peakSeconds = 6;
const overload = 3;
const overloadSeconds = 15;
const overloads = 3;
// More than the service lets in and lets wait, so that it must refuse.
const overloadConnections = 10_000;
const soakConnections = 64;
const probed = ["/health/live", "/health/ready", "/metrics"];
const probeEvery = 250;
const sampleEvery = 2000;
const quick = 50;

interface Footprint {
  /** Bytes. */
  memory: number;
  descriptors: number;
}

function footprint(pid: number): Footprint {
  const pages = readFileSync(`/proc/${pid}/status`, "utf8").match(/^VmRSS:\s+(\d+) kB$/m)?.[1];
  return { memory: Number(pages) * 1024, descriptors: readdirSync(`/proc/${pid}/fd`).length };
}

interface Probes {
  asked: number;
  failed: number;
  /** Milliseconds. */
  longest: number;
}

/** Asks for health and metrics again and again while something else goes on. */
async function probeDuring<T>(url: string, work: Promise<T>): Promise<{ result: T; probes: Probes }> {
  const probes: Probes = { asked: 0, failed: 0, longest: 0 };
  let isOver = false;
  const probing = (async () => {
    while (!isOver) {
      for (const path of probed) {
        const started = performance.now();
        const status = await fetch(url + path, { signal: AbortSignal.timeout(10_000) }).then(
          async (response) => {
            await response.text();
            return response.status;
          },
          () => 0,
        );
        probes.asked++;
        if (status !== 200) probes.failed++;
        probes.longest = Math.max(probes.longest, performance.now() - started);
      }
      await Bun.sleep(probeEvery);
    }
  })();
  const result = await work.finally(() => {
    isOver = true;
  });
  await probing;
  return { result, probes };
}

/** Samples the footprint while something goes on. */
async function watchDuring<T>(pid: number, work: Promise<T>): Promise<{ result: T; samples: Footprint[] }> {
  const samples = [footprint(pid)];
  const timer = setInterval(() => samples.push(footprint(pid)), sampleEvery);
  const result = await work.finally(() => clearInterval(timer));
  return { result, samples };
}

const whole = (value: number): string => Math.round(value).toLocaleString("en");
const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;
const memoriesOf = (samples: readonly Footprint[]): number[] => samples.map(({ memory }) => memory);

/** Growth of the memory: the last quarter against the quarter that follows the first, in which everything is warmed up. */
function growthOf(samples: readonly Footprint[]): number {
  const memories = memoriesOf(samples);
  const quarter = Math.max(1, Math.floor(memories.length / 4));
  return median(memories.slice(-quarter)) / median(memories.slice(quarter, 2 * quarter)) - 1;
}

interface Overload {
  /** Requests per second that were carried before and after it, on average. */
  peak: number;
  result: OpenLoadResult;
  probes: Probes;
  samples: readonly Footprint[];
  /** Milliseconds. */
  recovery: number;
}

function overloadRows(rounds: readonly Overload[]): TrustRow[] {
  const sum = (of: (round: Overload) => number) => rounds.reduce((total, round) => total + of(round), 0);
  const longest = (of: (round: Overload) => number) => Math.max(...rounds.map(of));
  const goodputs = rounds.map(({ result, peak }) => result.goodput / peak);
  const percent = (share: number) => `${(share * 100).toFixed(0)} %`;
  const answered = (isCounted: (status: number) => boolean) =>
    sum(({ result }) => [...result.statuses].reduce((all, [status, n]) => all + (isCounted(status) ? n : 0), 0));
  return [
    {
      label: "Load that it can carry (POST /predict, requests/s), before and after each overload",
      value: rounds.map(({ peak }) => whole(peak)).join("; "),
      wanted: "",
    },
    {
      label: `Requests due at ${overload}× that, ${overloads} times in ${overloadSeconds} s on ${whole(overloadConnections)} connections`,
      value: `${whole(sum(({ result }) => result.due))} (${whole(sum(({ result }) => result.unsent))} found no free connection)`,
      wanted: "",
    },
    {
      label: "Goodput then, against that load: median (each)",
      value: `${percent(median(goodputs))} (${goodputs.map(percent).join(", ")})`,
      wanted: "≥ 80 %",
    },
    { label: "Refused with 503 and Retry-After", value: whole(answered((status) => status === 503)), wanted: "> 0" },
    {
      label: "Other answers and broken connections",
      value: whole(answered((status) => status !== 200 && status !== 503)),
      wanted: "0",
    },
    {
      label: "Latency of what was accepted: p50, p99 (ms), the longest",
      value: `${whole(longest(({ result }) => result.p50))}, ${whole(longest(({ result }) => result.p99))}`,
      wanted: "p99 ≤ 2500",
    },
    {
      label: "/health and /metrics meanwhile: asked, failed, longest (ms)",
      value: `${whole(sum(({ probes }) => probes.asked))}, ${whole(sum(({ probes }) => probes.failed))}, ${whole(longest(({ probes }) => probes.longest))}`,
      wanted: "0 failed",
    },
    {
      label: "Memory before and at most",
      value: `${megabytes(rounds[0]?.samples[0]?.memory ?? Number.NaN)}, ${megabytes(longest(({ samples }) => Math.max(...memoriesOf(samples))))}`,
      wanted: "≤ 1000 MB",
    },
    { label: "Recovery, the longest (ms)", value: whole(longest((round) => round.recovery)), wanted: "< 2000" },
  ];
}

/**
 * Overload and soak. Finds the load that the service can carry, offers three times as much at a rate that does not depend on its
 * answers, watches what it does with it, how quickly it recovers, and whether hours of half load would fill anything up. What it can
 * carry is measured again around each overload, since a shared machine is not the same a minute later.
 */
export async function trustOverload({ soakMinutes }: OverloadOptions): Promise<TrustRow[]> {
  process.stderr.write("overload: training a model\n");
  const { directory, remove } = await trainModel(20_000, 100);
  const service = await startProcess({ DATA_DIR: directory, REPLAY_RATE: "5", LOG_LEVEL: "error" });
  const { pid } = service.process;
  const url = `${service.url}/predict`;
  try {
    await runLoad({ url, body, connections: 64, seconds: 3 });
    const carried = async (connections: number) =>
      (await runLoad({ url, body, connections, seconds: peakSeconds })).requestsPerSecond;
    const peaks: { connections: number; carried: number }[] = [];
    for (const connections of peakConnections) peaks.push({ connections, carried: await carried(connections) });
    const best = peaks.reduce((best, peak) => (peak.carried > best.carried ? peak : best));

    const rounds: Overload[] = [];
    let before = await carried(best.connections);
    while (rounds.length < overloads) {
      process.stderr.write(`overload: ${whole(before)} requests/s at most; now ${overload} times as many\n`);
      const load = runOpenLoad({
        url,
        body,
        rate: overload * before,
        connections: overloadConnections,
        seconds: overloadSeconds,
      });
      const { result: watched, samples } = await watchDuring(pid, probeDuring(service.url, load));
      const recovered = await recovery({ url, body, quick });
      const after = await carried(best.connections);
      rounds.push({ ...watched, samples, peak: (before + after) / 2, recovery: recovered });
      before = after;
    }
    const rows = overloadRows(rounds);
    const peak = median(rounds.map((round) => round.peak));

    process.stderr.write(`soak: ${soakMinutes} minutes at ${whole(peak / 2)} requests/s\n`);
    // Until the connections of the load before are closed.
    await recovery({ url, body, quick });
    const descriptors = footprint(pid).descriptors;
    const soak = await watchDuring(
      pid,
      runOpenLoad({ url, body, rate: peak / 2, connections: soakConnections, seconds: soakMinutes * 60 }),
    );
    await recovery({ url, body, quick });
    const failed = [...soak.result.statuses].filter(([status]) => status !== 200);
    rows.push(
      {
        label: `Soak: ${soakMinutes} minutes at half load, predictions`,
        value: whole(soak.result.statuses.get(200) ?? 0),
        wanted: "",
      },
      { label: "Soak: other answers", value: whole(failed.reduce((sum, [, count]) => sum + count, 0)), wanted: "0" },
      { label: "Soak: growth of memory", value: `${(growthOf(soak.samples) * 100).toFixed(1)} %`, wanted: "< 5 %" },
      {
        label: "Soak: open file descriptors before and after",
        value: `${descriptors}, ${footprint(pid).descriptors}`,
        wanted: "no more",
      },
    );
    return rows;
  } finally {
    await service.end("SIGTERM");
    remove();
  }
}
