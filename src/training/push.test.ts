import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cpSync, existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { writeSample } from "../data/sample.ts";
import { poll, runCommandFile, startProcess, temporaryFolder } from "../testing/service-process.ts";
import { waitingFile } from "./push.ts";

const folder = temporaryFolder();
const sample = join(folder.path, "sample.csv");
const trained = join(folder.path, "trained");

beforeAll(async () => {
  writeSample(sample, { rows: 3000, seed: 1 }, () => {});
  const { code } = await runCommandFile("training/train.ts", ["--data", sample, "--rounds", "3"], {
    DATA_DIR: trained,
  });
  expect(code).toBe(0);
}, 30_000);
afterAll(() => folder.remove());

/**
 * A Pushgateway that takes its time: nothing for `wait` milliseconds, then what it says in pieces of `piece` bytes, one every
 * `pause` milliseconds.
 */
function startSlowGateway({ text, wait = 0, piece = text.length, pause = 0 }: SlowAnswer) {
  return Bun.listen<{ isAnswering: boolean }>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open: (socket) => {
        socket.data = { isAnswering: false };
      },
      async data(socket) {
        if (socket.data.isAnswering) return;
        socket.data.isAnswering = true;
        await Bun.sleep(wait);
        for (let from = 0; from < text.length && socket.readyState === 1; from += piece) {
          socket.write(text.slice(from, from + piece));
          socket.flush();
          await Bun.sleep(pause);
        }
      },
    },
  });
}

interface SlowAnswer {
  text: string;
  wait?: number;
  piece?: number;
  pause?: number;
}

const accepted = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
const refusal = "pushed metrics are invalid or inconsistent with existing metrics";
const refused = `HTTP/1.1 400 Bad Request\r\ncontent-length: ${refusal.length}\r\n\r\n`;

/** Trains one more model while the Pushgateway is slow. */
async function trainBeside(name: string, answer: SlowAnswer) {
  const DATA_DIR = join(folder.path, name);
  cpSync(trained, DATA_DIR, { recursive: true });
  const gateway = startSlowGateway(answer);
  const began = performance.now();
  const { code, stdout, stderr } = await runCommandFile("training/train.ts", ["--data", sample, "--rounds", "3"], {
    DATA_DIR,
    PUSHGATEWAY_URL: `http://127.0.0.1:${gateway.port}`,
  });
  const seconds = (performance.now() - began) / 1000;
  gateway.stop(true);
  const models = join(DATA_DIR, "models");
  const newest = readdirSync(models).sort().at(-1) as string;
  expect(stdout).toContain(`model ${newest}:`);
  return { DATA_DIR, newest, code, stderr, seconds, isWaiting: existsSync(join(models, newest, waitingFile)) };
}

const cases: [string, SlowAnswer, { isWaiting: boolean; stderr: string }][] = [
  ["answers after three seconds", { text: accepted, wait: 3000 }, { isWaiting: false, stderr: "pushed the metrics" }],
  [
    "answers after twenty seconds",
    { text: accepted, wait: 20_000 },
    { isWaiting: true, stderr: "cannot be reached: The operation timed out" },
  ],
  [
    "answers one byte a second",
    { text: accepted, piece: 1, pause: 1000 },
    { isWaiting: true, stderr: "warning: the Pushgateway at http://127.0.0.1:" },
  ],
  [
    "accepts at once and sends the rest one byte a second",
    { text: `HTTP/1.1 200 OK\r\ncontent-length: 30\r\n\r\n${"x".repeat(30)}`, piece: 39, pause: 1000 },
    { isWaiting: false, stderr: "pushed the metrics" },
  ],
  [
    "refuses at once and says why one byte a second",
    { text: refused + refusal, piece: refused.length, pause: 3000 },
    { isWaiting: true, stderr: "answered 400: why did not come whole" },
  ],
];

describe("a Pushgateway that", () => {
  test.concurrent.each(cases)(
    "%s ends no training, and is waited for for five seconds at most",
    async (name, answer, expected) => {
      const { code, stderr, seconds, isWaiting } = await trainBeside(name, answer);
      expect(code, stderr).toBe(0);
      expect(stderr).toContain(expected.stderr);
      expect(stderr.includes("wait beside the model")).toBe(expected.isWaiting);
      expect(isWaiting).toBe(expected.isWaiting);
      expect(seconds).toBeLessThan(15);
    },
    40_000,
  );

  test("was too slow is told at the next start, when it answers", async () => {
    const { DATA_DIR, newest, isWaiting } = await trainBeside("later", { text: accepted, wait: 20_000 });
    expect(isWaiting).toBe(true);
    const pushed: string[] = [];
    const gateway = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      async fetch(request) {
        pushed.push(`${request.method} ${new URL(request.url).pathname}\n${await request.text()}`);
        return new Response();
      },
    });
    const service = await startProcess({
      DATA_DIR,
      REPLAY_RATE: "0",
      PUSHGATEWAY_URL: `http://127.0.0.1:${gateway.port}`,
    });
    await poll(() => (existsSync(join(DATA_DIR, "models", newest, waitingFile)) ? undefined : true));
    await service.end("SIGTERM");
    await gateway.stop(true);
    expect(pushed).toHaveLength(1);
    expect(pushed[0]).toStartWith("PUT /metrics/job/churn_train\n");
    expect(pushed[0]).toContain(`model_version="${newest}"`);
  }, 40_000);
});
