import { Database } from "bun:sqlite";
import { afterAll, beforeAll, expect, test } from "bun:test";
import { Agent, request } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { readConfig } from "./config.ts";
import { exampleCustomer } from "./customer.ts";
import { createLogger } from "./log.ts";
import { startService } from "./service.ts";
import { openReader } from "./storage/database.ts";
import { poll, startProcess, temporaryFolder, trainSmallModel } from "./testing/service-process.ts";

const folder = temporaryFolder();
const DATA_DIR = join(folder.path, "data");
const clients = 16;
const body = JSON.stringify(exampleCustomer);

beforeAll(() => trainSmallModel(DATA_DIR), 60_000);
afterAll(() => folder.remove());

interface Answer {
  status: number;
  id: string;
}

function post(url: string, agent: Agent): Promise<Answer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const asked = request(
      { hostname, port, agent, path: "/predict", method: "POST", headers: { "content-type": "application/json" } },
      (response) => {
        let text = "";
        response.on("data", (chunk) => {
          text += chunk;
        });
        response.on("error", reject);
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            id: (JSON.parse(text) as { prediction_id: string }).prediction_id,
          }),
        );
      },
    );
    asked.on("error", reject);
    asked.end(body);
  });
}

test.each([true, false])(
  "SIGTERM under the load of 16 clients answers all that was begun, within 5 s (connections kept: %p)",
  async (keepAlive) => {
    const service = await startProcess({ DATA_DIR, REPLAY_RATE: "50", FEEDBACK_DELAY: "1", MONITOR_EVERY: "1" });
    const acknowledged: string[] = [];
    const others: string[] = [];
    const ends: string[] = [];
    const load = Array.from({ length: clients }, async () => {
      const agent = new Agent({ keepAlive, maxSockets: 1 });
      for (;;) {
        try {
          const { status, id } = await post(service.url, agent);
          if (status === 200) acknowledged.push(id);
          else others.push(`${status}`);
        } catch (error) {
          ends.push((error as { code?: string }).code ?? String(error));
          return agent.destroy();
        }
      }
    });
    await poll(() => (acknowledged.length > 2000 ? true : undefined));
    const asked = performance.now();
    expect(await service.end("SIGTERM")).toBe(0);
    const seconds = (performance.now() - asked) / 1000;
    await Promise.all(load);
    expect(seconds).toBeLessThan(5);
    expect(others).toEqual([]);
    expect(ends).toEqual(Array(clients).fill("ECONNREFUSED"));
    const database = openReader(join(DATA_DIR, "service.db"));
    const found = database.prepare<{ count: number }, [string]>(
      "SELECT count(*) AS count FROM predictions WHERE id IN (SELECT value FROM json_each(?))",
    );
    expect(found.get(JSON.stringify(acknowledged))).toEqual({ count: new Set(acknowledged).size });
    database.close();
  },
  60_000,
);

test("SIGTERM does not wait for senders that never finish, for readers that never read, or for the lock of another program", async () => {
  const service = await startProcess({ DATA_DIR, REPLAY_RATE: "0", LOG_LEVEL: "silent" });
  const port = Number(new URL(service.url).port);
  const head = (route: string, ...lines: string[]) =>
    [`${route} HTTP/1.1`, "host: localhost", ...lines, "", ""].join("\r\n");
  const json = "content-type: application/json";
  const csv = head("POST /feedback/batch", "content-type: text/csv", "transfer-encoding: chunked");
  const stalled = [
    "POST /predict HTTP/1.1\r\nhost: local",
    head("POST /predict", json, "content-length: 1000") + body,
    head("POST /predict", json, "transfer-encoding: chunked"),
    `${csv}10\r\nuser_id,churned\n\r\n`,
    head("GET /docs/swagger-ui-bundle.js").repeat(20),
    head("GET /events"),
    head("POST /predict", json, `content-length: ${body.length}`) + body,
  ];
  const other = new Database(join(DATA_DIR, "service.db"));
  other.exec("BEGIN IMMEDIATE");
  const sockets = stalled.map((text) => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.on("error", () => undefined);
    socket.pause();
    socket.write(text);
    return socket;
  });
  const dripping = setInterval(() => sockets[3]?.write("4\r\na,1\n\r\n"), 100);
  try {
    await poll(async () => {
      const text = await (await fetch(`${service.url}/metrics`)).text();
      return Number(text.match(/^process_open_fds (\d+)$/m)?.[1]) > stalled.length + 20 ? true : undefined;
    });
    const asked = performance.now();
    expect(await service.end("SIGTERM")).toBe(0);
    expect(performance.now() - asked).toBeLessThan(5000);
  } finally {
    clearInterval(dripping);
    for (const socket of sockets) socket.destroy();
    other.close();
  }
}, 60_000);

test("a stop waits 5 s for a thread that predicts and does not answer", async () => {
  const own = globalThis.Worker;
  const predicting: Worker[] = [];
  globalThis.Worker = class extends own {
    constructor(...parameters: ConstructorParameters<typeof own>) {
      super(...parameters);
      if (String(parameters[0]).includes("predictor-worker")) predicting.push(this);
    }
  };
  try {
    const service = await startService({
      config: readConfig({ DATA_DIR, PORT: "0", REPLAY_RATE: "0" }),
      log: createLogger("silent", false),
      now: Date.now,
      newId: (time) => Bun.randomUUIDv7("hex", time),
      seed: 1,
      onFatal(reason) {
        throw new Error(reason);
      },
    });
    const thread = predicting[0] as Worker;
    thread.onmessage = null;
    const reached = Promise.withResolvers<void>();
    thread.addEventListener("message", () => reached.resolve());
    const agent = new Agent();
    const asked = post(service.url, agent).then(
      ({ status }) => status,
      () => "cut off",
    );
    await reached.promise;
    const start = performance.now();
    await service.stop();
    expect(performance.now() - start).toBeLessThan(8000);
    expect([503, "cut off"]).toContain(await asked);
  } finally {
    globalThis.Worker = own;
  }
}, 60_000);
