import { describe, expect, test } from "bun:test";
import type { Monitoring, Result } from "./api.ts";
import { createHistory } from "./history.ts";

const start = Date.parse("2026-11-23T12:00:00Z");
const iso = (seconds: number) => new Date(start + 1000 * seconds).toISOString();
const result = (seconds: number, scenario: string, feature: string | null): Result =>
  ({ evaluated_at: iso(seconds), monitor: "drift", metric: "psi", feature, value: 0.01, scenario }) as Result;
const pass = (seconds: number, scenario: string, since: number): Monitoring =>
  ({
    scenario,
    since: iso(since),
    results: ["montant", "revenue"].map((feature) => result(seconds, scenario, feature)),
  }) as unknown as Monitoring;

/** A history whose service answers with these results. */
async function withPast(results: Result[], work: () => Promise<void>): Promise<void> {
  const own = globalThis.fetch;
  const storage = globalThis.sessionStorage;
  globalThis.fetch = (async () => Response.json({ results })) as unknown as typeof fetch;
  globalThis.sessionStorage = { getItem: () => null } as unknown as Storage;
  try {
    await work();
  } finally {
    globalThis.fetch = own;
    globalThis.sessionStorage = storage;
  }
}

describe("the history of the page", () => {
  test("marks a scenario once, at the moment at which it began, also after a field's past was read", async () => {
    const history = createHistory();
    history.add(pass(0, "none", -60));
    history.add(pass(15, "none", -60));
    history.add(pass(30, "price-rise", 20));
    history.add(pass(45, "price-rise", 20));
    const once = [{ at: start + 20_000, name: "price-rise" }];
    expect(history.onsets).toEqual(once);
    const past = [-30, -15, 0, 15, 30].map((at) => result(at, at < 20 ? "none" : "price-rise", "montant"));
    await withPast(past, () => history.ensure("drift", "psi", "montant"));
    expect(history.onsets).toEqual(once);
    expect(history.of("drift", "psi", "montant").map(({ evaluated_at }) => evaluated_at)).toEqual(
      [-30, -15, 0, 15, 30, 45].map(iso),
    );
  });

  test("marks a scenario before any pass has seen it, and at the first pass when nobody watched", async () => {
    const history = createHistory();
    history.add(pass(0, "none", -60));
    history.add({ ...pass(0, "none", 5), scenario: "feed-break" });
    expect(history.onsets).toEqual([{ at: start + 5000, name: "feed-break" }]);
    const unwatched = createHistory();
    unwatched.add(pass(60, "none", 50));
    const past = [0, 15, 30, 45, 60].map((at) => result(at, at > 10 && at < 50 ? "concept" : "none", "montant"));
    await withPast(past, () => unwatched.ensure("drift", "psi", "montant"));
    expect(unwatched.onsets).toEqual([
      { at: start + 15_000, name: "concept" },
      { at: start + 50_000, name: "undisturbed" },
    ]);
  });

  test("marks models that took over, not the first one", () => {
    const history = createHistory();
    history.services = [
      { version: "a", from: start, to: start + 1000 },
      { version: "b", from: start + 1000, to: null },
    ];
    expect(history.onsets).toEqual([{ at: start + 1000, name: "model b" }]);
  });

  test("forgets what is older than the charts", () => {
    const history = createHistory();
    history.add(pass(0, "none", -60));
    history.add(pass(1000, "none", -60));
    expect(history.of("drift", "psi", "montant")).toHaveLength(1);
    expect(history.onsets).toEqual([]);
  });

  test("asks for no past before there are results, and for all of it then", async () => {
    const history = createHistory();
    const own = globalThis.fetch;
    await withPast([], async () => {
      globalThis.fetch = (async () => Response.json({ detail: "asked" }, { status: 400 })) as unknown as typeof own;
      await history.ensure("drift", "psi", "montant");
    });
    history.add({ ...pass(0, "none", -60), results: [] });
    history.add(pass(0, "none", -60));
    await withPast([result(-15, "none", "montant")], () => history.ensure("drift", "psi", "montant"));
    expect(history.of("drift", "psi", "montant").map(({ evaluated_at }) => evaluated_at)).toEqual([-15, 0].map(iso));
  });

  test("asks again after a failure", async () => {
    const history = createHistory();
    history.add(pass(0, "none", -60));
    const own = globalThis.fetch;
    await withPast([], async () => {
      globalThis.fetch = (async () => Response.json({ detail: "busy" }, { status: 503 })) as unknown as typeof own;
      expect(history.ensure("drift", "psi", "montant")).rejects.toThrow("busy");
    });
    await withPast([result(-15, "none", "montant")], () => history.ensure("drift", "psi", "montant"));
    expect(history.of("drift", "psi", "montant")).toHaveLength(2);
  });
});
