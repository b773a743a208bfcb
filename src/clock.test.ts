import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { readConfig } from "./config.ts";
import { exampleCustomer } from "./customer.ts";
import { createLogger } from "./log.ts";
import { startService } from "./service.ts";
import { poll, temporaryFolder, trainSmallModel } from "./testing/service-process.ts";

const folder = temporaryFolder();
const DATA_DIR = join(folder.path, "data");
const hour = 3_600_000;

beforeAll(() => trainSmallModel(DATA_DIR), 60_000);
afterAll(() => folder.remove());

test("a clock that is set back or forward stops nothing and loses nothing", async () => {
  let offset = 0;
  const service = await startService({
    config: readConfig({
      DATA_DIR,
      PORT: "0",
      REPLAY_RATE: "50",
      FEEDBACK_DELAY: "1",
      MONITOR_EVERY: "1",
    }),
    log: createLogger("silent", false),
    now: () => Date.now() + offset,
    newId: (time) => Bun.randomUUIDv7("hex", time),
    seed: 1,
    onFatal(reason) {
      throw new Error(reason);
    },
  });
  const sum = async (name: string, labels = "") => {
    const text = await (await fetch(`${service.url}/metrics`)).text();
    return [...text.matchAll(new RegExp(`^${name}\\{.*${labels}.*\\} (\\S+)$`, "gm"))]
      .map(([, value]) => Number(value))
      .reduce((total, value) => total + value, 0);
  };
  const ids: string[] = [];
  try {
    for (const set of [0, -hour, 24 * hour, 0]) {
      offset = set;
      const [labels, looks] = [
        await sum("churn_feedback_total", 'status="recorded"'),
        await sum("churn_job_runs_total", 'job="monitors",outcome="success"'),
      ];
      const response = await fetch(`${service.url}/predict`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(exampleCustomer),
      });
      expect(response.status).toBe(200);
      ids.push(((await response.json()) as { prediction_id: string }).prediction_id);
      await poll(async () =>
        (await sum("churn_feedback_total", 'status="recorded"')) > labels + 20 &&
        (await sum("churn_job_runs_total", 'job="monitors",outcome="success"')) > looks
          ? true
          : undefined,
      );
      expect((await fetch(`${service.url}/health/ready`)).status).toBe(200);
    }
    expect(await sum("churn_job_runs_total", 'outcome="failure"')).toBe(0);
    expect(new Set(ids).size).toBe(4);
    for (const id of ids) expect((await fetch(`${service.url}/predictions/${id}`)).status).toBe(200);
  } finally {
    await service.stop();
  }
}, 60_000);
