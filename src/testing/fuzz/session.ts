import { startProcess } from "../service-process.ts";
import { keys } from "./keys.ts";
import { exchange, type RawAnswer, type RawCase, rawCases, stalled } from "./raw.ts";
import { type FuzzResult, fuzzRoutes } from "./run.ts";

const together = 25;
// A body has 20 s to arrive, header lines 12; everything else is answered at once, on a busy machine within 15.
const rawPatience = 15_000;
const stalledPatience = 45_000;

export interface SessionOptions {
  /** A data directory with a model. */
  dataDirectory: string;
  /** Requests to the routes, and cases on raw sockets. */
  cases: number;
  rawCases: number;
  seed: number;
}

export interface SessionResult {
  routes: FuzzResult;
  raw: { cases: number; failures: string[] };
  /** What the service logged as an error, a defect or an unhandled rejection; empty when all is well. */
  errors: string;
  /** Whether it still served afterwards and then stopped in order. */
  isAlive: boolean;
}

const failureOf = ({ name, pieces, wanted }: RawCase, { statuses, isHung, seconds }: RawAnswer): string | null => {
  if (!isHung && wanted.includes(statuses[0] as number)) return null;
  const shown = JSON.stringify(pieces.map(String).join("").slice(0, 300));
  return `${name}: ${isHung ? "no end" : statuses.join(", ")} after ${seconds.toFixed(1)} s: ${shown}`;
};

async function runRaw(port: number, count: number, seed: number): Promise<SessionResult["raw"]> {
  const stops = Promise.all(stalled.map((raw) => exchange(port, raw, stalledPatience)));
  const cases = rawCases(count, seed);
  const failures: (string | null)[] = [];
  for (let i = 0; i < cases.length; i += together) {
    const batch = cases.slice(i, i + together);
    const answers = await Promise.all(batch.map((raw) => exchange(port, raw, rawPatience)));
    failures.push(...batch.map((raw, j) => failureOf(raw, answers[j] as RawAnswer)));
  }
  const stopped = await stops;
  failures.push(...stalled.map((raw, i) => failureOf(raw, stopped[i] as RawAnswer)));
  return { cases: cases.length + stalled.length, failures: failures.filter((failure) => failure !== null) };
}

/** Starts the service as a process, fuzzes its routes and its sockets, looks what it logged, and stops it. */
export async function fuzzService({
  dataDirectory,
  cases,
  rawCases: rawCount,
  seed,
}: SessionOptions): Promise<SessionResult> {
  const common = { DATA_DIR: dataDirectory, REPLAY_RATE: "0", MONITOR_EVERY: "86400", LOG_LEVEL: "error" };
  const service = await startProcess({
    ...common,
    API_KEYS: `${keys.admin}:admin+predict,${keys.read}:read`,
    RATE_LIMIT: "0",
  });
  const logged = new Response(service.process.stderr).text();
  try {
    const headers = { authorization: `Bearer ${keys.admin}` };
    const [raw, routes] = await Promise.all([
      runRaw(Number(new URL(service.url).port), rawCount, seed),
      fuzzRoutes({ url: service.url, keys: [keys.admin, keys.read], cases, seed }),
    ]);
    const ready = await fetch(`${service.url}/health/ready`, { headers }).then(
      ({ status }) => status === 200,
      () => false,
    );
    const code = await service.end("SIGTERM");
    return { routes, raw, errors: await logged, isAlive: ready && code === 0 };
  } finally {
    if (service.process.exitCode === null) await service.end("SIGKILL");
  }
}
