import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { fuzzService } from "./testing/fuzz/session.ts";
import { startProcess, temporaryFolder, trainSmallModel } from "./testing/service-process.ts";

const folder = temporaryFolder();
const dataDirectory = join(folder.path, "data");

beforeAll(() => trainSmallModel(dataDirectory, 2000), 60_000);
afterAll(() => folder.remove());

test("answers 20,000 requests of every kind as it describes: no 5xx, no hang, no defect, every refusal names its path", async () => {
  const { routes, raw, errors, isAlive } = await fuzzService({ dataDirectory, cases: 20_000, rawCases: 300, seed: 7 });
  expect(routes.failure).toBeNull();
  expect(routes.cases).toBeGreaterThanOrEqual(20_000);
  // The generator reaches what it is for: enough is accepted, and enough refused in each way.
  for (const status of [200, 400, 401, 403, 404, 413, 415, 422])
    expect(routes.statuses.get(status)).toBeGreaterThan(100);
  expect(raw.failures).toEqual([]);
  expect(errors).toBe("");
  expect(isAlive).toBe(true);
}, 240_000);

test("refuses large bodies of every kind quickly, and answers others meanwhile", async () => {
  const service = await startProcess({ DATA_DIR: dataDirectory, REPLAY_RATE: "0", LOG_LEVEL: "error" });
  const size = 10_000_000;
  const bodies: [path: string, type: string, body: string, status: number][] = [
    ["/feedback/batch", "application/json", "[".repeat(size), 400],
    ["/feedback/batch", "application/json", '{"a":'.repeat(size / 10), 400],
    ["/feedback/batch", "application/json", `{"feedback":["${"x".repeat(size)}"]}`, 200],
    ["/feedback/batch", "application/json", `{"feedback":[${"1,".repeat(size / 4)}1]}`, 422],
    ["/predict/batch", "application/json", `{"customers":[${"{},".repeat(1_300_000)}{}]}`, 422],
    ["/predict/batch", "application/json", JSON.stringify({ customers: Array(1000).fill({ a: 1, b: 2 }) }), 422],
    ["/feedback/batch", "text/csv", `user_id,churned\n${"x".repeat(size)},1\n`, 400],
    ["/feedback/batch", "text/csv", `user_id,churned\n"${"x".repeat(size)}",1\n`, 400],
    ["/feedback/batch", "text/csv", `${"x".repeat(size)},churned\na,1\n`, 400],
    ["/feedback/batch", "text/csv", `user_id,churned${"\n".repeat(size)}a,1\n`, 413],
    ["/feedback/batch", "text/csv", `user_id,churned\n${"a,maybe\n".repeat(100_000)}`, 200],
  ];
  try {
    for (const [path, type, body, status] of bodies) {
      let isAnswered = false;
      const answer = fetch(service.url + path, { method: "POST", headers: { "content-type": type }, body })
        .then(async (response) => [response.status, (await response.text()).length] as const)
        .finally(() => {
          isAnswered = true;
        });
      let longest = 0;
      while (!isAnswered) {
        const asked = performance.now();
        expect((await fetch(`${service.url}/health/live`)).status).toBe(200);
        longest = Math.max(longest, performance.now() - asked);
      }
      const [got, length] = await answer;
      expect([body.slice(0, 20), got]).toEqual([body.slice(0, 20), status]);
      expect(length).toBeLessThan(200_000);
      // One parse of 10 MB in one go takes a part of a second.
      expect(longest).toBeLessThan(3000);
    }
  } finally {
    await service.end("SIGTERM");
  }
}, 120_000);
