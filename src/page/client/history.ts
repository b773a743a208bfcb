import { get, type Monitoring, type Result } from "./api.ts";
import type { Onset } from "./chart.ts";

/** How far back the charts show, in milliseconds. */
export const shown = 15 * 60_000;

export interface Service {
  version: string;
  from: number;
  to: number | null;
}

/** Past results of the last quarter of an hour as lists over time, and the moments at which something was changed. */
export function createHistory() {
  const series = new Map<string, Map<number, Result>>();
  const loaded = new Map<string, Promise<void>>();
  /** The scenario of every pass. */
  const passes = new Map<number, string>();
  /** Scenarios by the moment at which they began, to the millisecond. */
  const switches = new Map<number, string>();
  let services: readonly Service[] = [];
  let newest = 0;
  const keyOf = (monitor: string, metric: string, feature: string | null) => `${monitor} ${metric} ${feature ?? ""}`;

  function add(result: Result): void {
    const key = keyOf(result.monitor, result.metric, result.feature);
    const list = series.get(key) ?? new Map<number, Result>();
    series.set(key, list);
    const at = Date.parse(result.evaluated_at);
    list.set(at, result);
    passes.set(at, result.scenario);
  }

  function forgetOld(): void {
    for (const list of [...series.values(), passes, switches])
      for (const at of list.keys()) if (at < newest - shown) list.delete(at);
  }

  async function load(monitor: string, metric: string, feature: string | null): Promise<void> {
    const range = { from: String(newest - shown), to: String(newest) };
    const query = new URLSearchParams({ monitor, metric, ...range, ...(feature && { feature }) });
    const { results } = await get<{ results: Result[] }>(`/monitoring/history?${query}`);
    for (const result of results) add(result);
    forgetOld();
  }

  function scenarioOnsets(): Onset[] {
    const ordered = [...passes].sort(([a], [b]) => a - b);
    const begins = [...switches].sort(([a], [b]) => a - b);
    const nameOf = (scenario: string) => (scenario === "none" ? "undisturbed" : scenario);
    const onsets = ordered.flatMap(([at, scenario], i): Onset[] => {
      const [before, present] = ordered[i - 1] ?? [at, scenario];
      if (scenario === present) return [];
      const exact = begins.find(([since, name]) => name === scenario && since >= before && since <= at)?.[0];
      return [{ at: exact ?? at, name: nameOf(scenario) }];
    });
    const last = ordered.at(-1);
    const begun = begins.at(-1);
    // One that no pass has seen yet.
    if (last && begun && begun[0] > last[0] && begun[1] !== last[1])
      onsets.push({ at: begun[0], name: nameOf(begun[1]) });
    return onsets;
  }

  return {
    /** Reads what was before the first results that were added, once they are there; after a failure it is tried again. */
    ensure(monitor: string, metric: string, feature: string | null = null): Promise<void> {
      if (newest === 0) return Promise.resolve();
      const key = keyOf(monitor, metric, feature);
      const reading =
        loaded.get(key) ??
        load(monitor, metric, feature).catch((error) => {
          loaded.delete(key);
          throw error;
        });
      loaded.set(key, reading);
      return reading;
    },
    add({ results, scenario, since }: Monitoring): void {
      for (const result of results) add(result);
      newest = Math.max(newest, ...results.map((result) => Date.parse(result.evaluated_at)));
      switches.set(Date.parse(since), scenario);
      forgetOld();
    },
    /** When which model served. */
    set services(given: readonly Service[]) {
      services = given;
    },
    of: (monitor: string, metric: string, feature: string | null = null): Result[] =>
      [...(series.get(keyOf(monitor, metric, feature)) ?? [])].sort(([a], [b]) => a - b).map(([, result]) => result),
    /** What charts mark: scenarios that began, models that took over. */
    get onsets(): Onset[] {
      const takeovers = services.slice(1).map(({ version, from }) => ({ at: from, name: `model ${version}` }));
      return [...scenarioOnsets(), ...takeovers].sort((a, b) => a.at - b.at);
    },
  };
}

export type History = ReturnType<typeof createHistory>;

/** Results of several monitors by the same moments; null where one has none. */
export function align(lists: readonly Result[][]): { times: number[]; at(list: number): (Result | undefined)[] } {
  const moments = [...new Set(lists.flat().map((result) => result.evaluated_at))].sort();
  const byMoment = lists.map((list) => new Map(list.map((result) => [result.evaluated_at, result])));
  return {
    times: moments.map((moment) => Date.parse(moment)),
    at: (list) => moments.map((moment) => byMoment[list]?.get(moment)),
  };
}
