import { afterAll, beforeAll, expect, test } from "bun:test";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { exampleCustomer } from "./customer.ts";
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
