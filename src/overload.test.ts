import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { runOpenLoad } from "../ops/bench/open-loop.ts";
import { recovery } from "../ops/bench/recovery.ts";
import { exampleCustomer } from "./customer.ts";
import { waitedForProcessor } from "./testing/processor-time.ts";
import { startProcess, temporaryFolder, trainSmallModel } from "./testing/service-process.ts";

const folder = temporaryFolder();
const DATA_DIR = join(folder.path, "data");
const body = JSON.stringify(exampleCustomer);
const observed = ["/health/live", "/health/ready", "/metrics"];
// Asked again as soon as they are answered: as much as so many connections take.
const unlimited = 1e6;

beforeAll(() => trainSmallModel(DATA_DIR), 60_000);
afterAll(() => folder.remove());

/** Asks for health and metrics again and again. What went wrong is an outcome like any other: it is compared with 200. */
function observe(url: string) {
  const outcomes: (number | string)[] = [];
  let isOver = false;
  const observing = (async () => {
    while (!isOver) {
      for (const path of observed) {
        outcomes.push(
          await fetch(url + path, { signal: AbortSignal.timeout(10_000) }).then(({ status }) => status, String),
        );
      }
      await Bun.sleep(100);
    }
  })();
  return {
    /** @returns the statuses, and the errors of requests that failed. */
    async end() {
      isOver = true;
      await observing;
      return outcomes;
    },
  };
}

// `bun run bench trust` measures the goodput to a percent at three times the load. Here other programs share the processors, often
// unevenly: what the load was at another time says little, so as much is offered as ten thousand connections take, which is more
// than are let in and may wait; and goodput is counted without the time in which other programs ran instead of the service. A
// collapse, which left 4 %, is seen.
test("more load than it can carry is partly refused and does not break it; it is observed throughout, and recovers", async () => {
  const service = await startProcess({ DATA_DIR, REPLAY_RATE: "5", LOG_LEVEL: "error" });
  const { pid } = service.process;
  const url = `${service.url}/predict`;
  const clock = () => performance.now() - waitedForProcessor(pid);
  const memory = async () =>
    Number((await (await fetch(`${service.url}/metrics`)).text()).match(/^process_resident_memory_bytes (\S+)$/m)?.[1]);
  const peakNow = async () =>
    (await runOpenLoad({ url, body, rate: unlimited, connections: 256, seconds: 3, clock })).goodput;
  let observer: ReturnType<typeof observe> | undefined;
  try {
    const peak = await peakNow();
    const memoryBefore = await memory();
    observer = observe(service.url);
    const flood = await runOpenLoad({ url, body, rate: unlimited, connections: 10_000, seconds: 5, clock });
    expect(await recovery({ url, body, quick: Number.POSITIVE_INFINITY })).toBeLessThan(2000);
    const outcomes = await observer.end();
    expect([...flood.statuses.keys()].sort()).toEqual([200, 503]);
    expect(flood.goodput).toBeGreaterThan(0.5 * Math.min(peak, await peakNow()));
    expect(outcomes.length).toBeGreaterThan(observed.length);
    expect([...new Set(outcomes)]).toEqual([200]);
    expect((await memory()) - memoryBefore).toBeLessThan(400e6);
  } finally {
    // First, lest it be reported that nothing answers there any more instead of what went wrong.
    await observer?.end();
    await service.end("SIGTERM");
  }
}, 60_000);
