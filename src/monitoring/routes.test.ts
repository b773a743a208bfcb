import { afterAll, expect, test } from "bun:test";
import type { MonitorResult } from "../storage/monitor-results.ts";
import { openStores } from "../storage/stores.ts";
import type { MonitoringRoutesOptions } from "./routes.ts";
import { monitoringRoutes } from "./routes.ts";

const stores = openStores(":memory:");
afterAll(() => stores.close());

const stored = 10_500;
const result = (evaluatedAt: number): MonitorResult => ({
  evaluatedAt,
  monitor: "drift",
  metric: "psi",
  feature: "freq_top_pack",
  bin: null,
  value: 0.123456789012345,
  lower: 0.123456789012345,
  upper: 0.123456789012345,
  standardError: 0.123456789012345,
  thresholdLower: 0.123456789012345,
  thresholdUpper: 0.123456789012345,
  chance: 6.25e-7,
  rows: 2000,
  verdict: "ok",
  severity: "ok",
  since: 1,
  windowFrom: 1,
  windowTo: 2,
  modelVersion: "20261123T120000",
  scenario: "none",
});
stores.results.insertAll(Array.from({ length: stored }, (_, i) => result(i + 1)));

const routes = monitoringRoutes({
  results: stores.results,
  readHistory: async () => Array.from({ length: 10 }, (_, i) => result(i + 1)),
  now: () => stored + 1,
  authorize: () => "anybody",
} satisfies Partial<MonitoringRoutesOptions> as unknown as MonitoringRoutesOptions);

async function history(query: string) {
  const text = await (await routes.handle(new Request(`http://localhost/monitoring/history${query}`))).text();
  const times = (JSON.parse(text) as { results: { evaluated_at: string }[] }).results.map(({ evaluated_at }) =>
    Date.parse(evaluated_at),
  );
  return { bytes: text.length, count: times.length, first: times[0], last: times.at(-1) };
}

test("a history that nothing narrows is the newest 2,000 results, and at most 10,000 can be asked for", async () => {
  const usual = await history("");
  expect(usual).toMatchObject({ count: 2000, first: stored - 1999, last: stored });
  expect(usual.bytes).toBeLessThan(1.5e6);
  expect(await history("?limit=10000")).toMatchObject({ count: 10_000, last: stored });
});

test("what is older is asked for by its time", async () => {
  const { first } = await history("?limit=100");
  expect(await history(`?limit=100&to=${(first as number) - 1}`)).toMatchObject({ count: 100, last: stored - 100 });
});

test("the results of spans are limited too", async () => {
  expect(await history("?span=hour&limit=3")).toMatchObject({ count: 3, first: 8, last: 10 });
});
