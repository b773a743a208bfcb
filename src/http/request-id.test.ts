import { beforeEach, describe, expect, test } from "bun:test";
import { type ApiKey, readApiKeys } from "../api-keys.ts";
import { type AppOptions, createApp } from "../app.ts";
import { createMetrics } from "../metrics.ts";
import { poll } from "../testing/service-process.ts";
import { createAccess } from "./access.ts";
import type { AnsweredRequest } from "./request-metrics.ts";

const answered: AnsweredRequest[] = [];
const defects: { method: string; requestId: string }[] = [];
let made = 0;

/** What these tests ask of the interface needs no more than this; what serves is broken. */
const app = createApp({
  metrics: createMetrics(),
  access: createAccess({
    keys: readApiKeys("some-key-of-a-test:admin") as ApiKey[],
    rateLimit: 0,
    isForLoopback: false,
    now: () => 0,
  }),
  page: {},
  tracing: null,
  now: () => 0,
  newId: () => `made-${++made}`,
  stopping: new AbortController().signal,
  onAnswered: (request: AnsweredRequest) => void answered.push(request),
  onDefect: (_error: unknown, request: (typeof defects)[number]) => void defects.push(request),
} as unknown as AppOptions);

const ask = async (path: string, headers: Record<string, string> = {}) => {
  const response = await app.handle(new Request(`http://local${path}`, { headers }));
  return { id: response.headers.get("x-request-id"), status: response.status, text: await response.text() };
};

beforeEach(() => {
  defects.length = 0;
});

describe("the id of a request", () => {
  test("is the caller's when it is sane, and comes back with the answer", async () => {
    const given = "01JD-a.b:c_d/e+f=";
    expect(await ask("/health/live", { "x-request-id": given })).toMatchObject({ id: given, status: 200 });
  });

  test("is made anew when there is none, or one that could break a line or fill a disk", async () => {
    const before = made;
    for (const headers of [
      {},
      { "x-request-id": "two words" },
      { "x-request-id": '"quoted"' },
      { "x-request-id": "x".repeat(129) },
    ])
      expect((await ask("/health/live", headers)).id).toBe(`made-${made}`);
    expect(made).toBe(before + 4);
  });

  test.each([
    ["/nothing", {}, 404],
    ["/predict", {}, 405],
    ["/monitoring", {}, 401],
    ["/health/ready", {}, 500],
  ])("stands in the problem that %s answers", async (path, headers, status) => {
    const { id, text, status: got } = await ask(path, { ...headers, "x-request-id": `asked-${status}` });
    expect([got, id]).toEqual([status, `asked-${status}`]);
    expect(JSON.parse(text)).toMatchObject({ status, request_id: `asked-${status}` });
  });

  test("is told with the defect and with the answer", async () => {
    await ask("/health/ready", { "x-request-id": "defective" });
    expect(defects).toEqual([{ method: "GET", requestId: "defective" }]);
    // Told after the answer has left.
    const told = await poll(() => answered.find(({ requestId }) => requestId === "defective"));
    expect(told).toMatchObject({ method: "GET", route: "/health/ready", status: 500 });
    expect(told.seconds).toBeGreaterThan(0);
  });
});
