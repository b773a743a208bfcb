import { expect, test } from "bun:test";
import { type AppOptions, createApp } from "../app.ts";
import { createMetrics } from "../metrics.ts";
import { createAccess } from "./access.ts";
import { createLane } from "./lane.ts";

/** An app whose predictions and labels wait for a gate, with room for two requests of each kind under way and three waiting. */
function createGatedApp() {
  const gate = Promise.withResolvers<void>();
  const lane = () => createLane({ limit: 2, waiting: 3, patience: 10_000, holding: 1, hold: 20, longest: 1000 });
  const answer = { prediction_id: "p" };
  const metrics = createMetrics();
  const app = createApp({
    metrics,
    access: createAccess({ keys: [], rateLimit: 0, isForLoopback: false, now: () => 0 }),
    lanes: { single: lane(), bulk: lane() },
    predictions: { predict: async (requests: unknown[]) => gate.promise.then(() => requests.map(() => answer)) },
    feedback: {
      recordOne: async () => gate.promise.then(() => ({ predictionId: "p", status: "recorded" })),
      record: async (labels: unknown[]) => gate.promise.then(() => labels.map(() => ({ status: "recorded" }))),
    },
    page: {},
    tracing: null,
    now: () => 0,
    newId: () => "id",
    stopping: new AbortController().signal,
    onAnswered: () => undefined,
    onDefect: (error: unknown) => {
      throw error;
    },
  } as unknown as AppOptions);
  return { app, gate };
}

const label = { user_id: "a", churned: true };
test.each([
  ["/predict", "application/json", JSON.stringify({ user_id: "a" })],
  ["/predict/batch", "application/json", JSON.stringify({ customers: [{ user_id: "a" }] })],
  ["/feedback", "application/json", JSON.stringify(label)],
  ["/feedback/batch", "application/json", JSON.stringify({ feedback: [label] })],
  ["/feedback/batch", "text/csv", "user_id,churned\na,1\n"],
])(
  "%s (%s) refuses what is too much with 503 and Retry-After, answers the rest, and others meanwhile",
  async (path, type, body) => {
    const { app, gate } = createGatedApp();
    const ask = () =>
      app.handle(new Request(`http://local${path}`, { method: "POST", headers: { "content-type": type }, body }));
    const room = 5;
    const accepted = Array.from({ length: room }, ask);
    const refused = await Promise.all(Array.from({ length: 3 }, ask));
    for (const response of refused) {
      expect([response.status, response.headers.get("retry-after")]).toEqual([503, "1"]);
      expect(((await response.json()) as { detail: string }).detail).toContain("3 requests are waiting already");
    }
    for (const open of ["/health/live", "/metrics"])
      expect((await app.handle(new Request(`http://local${open}`))).status).toBe(200);
    gate.resolve();
    expect((await Promise.all(accepted)).map(({ status }) => status)).toEqual(Array(room).fill(200));
    expect((await ask()).status).toBe(200);
  },
);
