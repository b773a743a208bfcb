import { get, type Monitoring, type Result } from "./api.ts";
import type { Onset } from "./chart.ts";

const shown = 15 * 60_000;

/** Past results of the last quarter of an hour, as lists over time. */
export function createHistory() {
  const series = new Map<string, Result[]>();
  const onsets = new Map<number, Onset>();
  let scenario: string | null = null;
  const keyOf = (monitor: string, metric: string, feature: string | null) => `${monitor} ${metric} ${feature ?? ""}`;

  function add(result: Result): void {
    const key = keyOf(result.monitor, result.metric, result.feature);
    const list = series.get(key) ?? [];
    series.set(key, list);
    const at = Date.parse(result.evaluated_at);
    const last = list.at(-1);
    if (last && Date.parse(last.evaluated_at) >= at) return;
    list.push(result);
    while (Date.parse((list[0] as Result).evaluated_at) < at - shown) list.shift();
    if (scenario !== null && scenario !== result.scenario)
      onsets.set(at, { at, name: result.scenario === "none" ? "undisturbed" : result.scenario });
    scenario = result.scenario;
  }

  return {
    /** Reads what was before; results that came meanwhile are kept. */
    async load(monitor: string, now: number, feature?: string): Promise<void> {
      const query = new URLSearchParams({ monitor, from: String(now - shown), ...(feature && { feature }) });
      const { results } = await get<{ results: Result[] }>(`/monitoring/history?${query}`);
      for (const result of results) {
        const key = keyOf(result.monitor, result.metric, result.feature);
        if (!series.has(key)) series.set(key, []);
      }
      const known = scenario;
      const touched = new Set(results.map((result) => keyOf(result.monitor, result.metric, result.feature)));
      const newer = [...touched].flatMap((key) => series.get(key) ?? []);
      for (const key of touched) series.set(key, []);
      scenario = null;
      for (const result of [...results, ...newer]) add(result);
      scenario = known ?? scenario;
    },
    add(monitoring: Monitoring): void {
      for (const result of monitoring.results) add(result);
      if (monitoring.scenario === "none") return;
      const at = Date.parse(monitoring.since);
      // Known to the second now: what the results showed was the first pass after it.
      for (const onset of onsets.values())
        if (onset.name === monitoring.scenario && onset.at >= at && onset.at - at < 30_000) onsets.delete(onset.at);
      onsets.set(at, { at, name: monitoring.scenario });
    },
    of: (monitor: string, metric: string, feature: string | null = null): Result[] =>
      series.get(keyOf(monitor, metric, feature)) ?? [],
    get onsets(): Onset[] {
      return [...onsets.values()];
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
