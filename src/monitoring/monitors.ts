import type { LoadedModel } from "../models/registry.ts";
import type { MonitorResult, MonitorResultStore } from "../storage/monitor-results.ts";
import type { Evaluation } from "./evaluate.ts";
import type { Events } from "./events.ts";
import { createJudge } from "./judge.ts";
import type { Look } from "./look.ts";
import type { Refused } from "./refusals.ts";
import type { ScenarioSwitch } from "./scenario.ts";

/** Everything that one look at the window found and what it means. */
export interface MonitorPass extends Omit<Evaluation, "findings"> {
  evaluatedAt: number;
  modelVersion: string;
  results: MonitorResult[];
}

export interface MonitorsOptions {
  look: Look;
  results: MonitorResultStore;
  scenario: ScenarioSwitch;
  events: Events;
  now: () => number;
  /** Seconds between two looks. */
  every: number;
  /** Requests refused since a time (milliseconds since the epoch). */
  refusedSince(time: number): Refused;
  onPass(pass: MonitorPass): void;
}

/** Looks that must have failed or not been taken before the monitors are said to be silent, and a time (milliseconds) to spare. */
const missedLooks = 3;
const grace = 10_000;

const isAlarm = ({ verdict }: { verdict: string }): boolean => verdict === "alarm";
const seriesOf = ({ monitor, metric, feature }: MonitorResult): string => `${monitor} ${metric} ${feature ?? ""}`;

export type Monitors = ReturnType<typeof createMonitors>;

/** The monitors: one pass looks at the window, judges what it finds, keeps it and tells it. */
export function createMonitors({ look, results, scenario, events, now, every, refusedSince, onPass }: MonitorsOptions) {
  const known = results.latest();
  const judge = createJudge(known);
  let alarms = new Set(known.filter(isAlarm).map(seriesOf));
  let latest: MonitorPass | null = null;
  let windowFrom: number | null = null;
  let looked = now();

  function tellChanges(pass: MonitorPass): void {
    const raised = new Set(pass.results.filter(isAlarm).map(seriesOf));
    for (const result of pass.results) {
      const series = seriesOf(result);
      if (raised.has(series) === alarms.has(series)) continue;
      const { monitor, metric, feature, severity } = result;
      const state = raised.has(series) ? "raised" : "cleared";
      const at = new Date(pass.evaluatedAt).toISOString();
      events.publish({ type: "alarm", data: { monitor, metric, feature, severity, state, at } });
    }
    alarms = raised;
  }

  return {
    /** What the last pass found; null before the first of this process. */
    get latest(): MonitorPass | null {
      return latest;
    },
    /** When the last look was finished (or they began), if that is too long ago: what is known is old. */
    get silentSince(): number | null {
      return now() - looked > missedLooks * every * 1000 + grace ? looked : null;
    },
    /** Looks at the window of the model that serves; stores, publishes and returns what was found. */
    async run({ manifest }: Pick<LoadedModel, "manifest">): Promise<MonitorPass> {
      const evaluatedAt = now();
      const refused = windowFrom === null ? { count: 0, reason: null } : refusedSince(windowFrom);
      const evaluation = await look(manifest.version, { now: evaluatedAt, refused });
      const { findings: _, ...rest } = evaluation;
      const { from, to } = rest;
      windowFrom = from;
      const pass: MonitorPass = {
        ...rest,
        evaluatedAt,
        modelVersion: manifest.version,
        results: judge(evaluation, manifest, evaluatedAt).map(({ unjudged, isRepeated, ...judged }) => ({
          ...judged,
          evaluatedAt,
          windowFrom: from,
          windowTo: to,
          modelVersion: manifest.version,
          scenario: scenario.current.name,
        })),
      };
      results.insertAll(pass.results);
      latest = pass;
      looked = now();
      onPass(pass);
      tellChanges(pass);
      events.publish({
        type: "monitors",
        data: { evaluated_at: new Date(evaluatedAt).toISOString(), rows: pass.rows, alarms: alarms.size },
      });
      return pass;
    },
  };
}
