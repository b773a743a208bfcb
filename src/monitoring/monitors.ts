import type { Model } from "../models/registry.ts";
import type { MonitorResult, MonitorResultStore } from "../storage/monitor-results.ts";
import type { StateStore } from "../storage/state.ts";
import type { Evaluation } from "./evaluate.ts";
import type { Events } from "./events.ts";
import { createEvidenceStore, type EvidenceBySeries } from "./evidence-store.ts";
import { seriesOf } from "./finding.ts";
import { createJudge } from "./judge.ts";
import type { Look } from "./look.ts";
import { nothingRefused, type Refused } from "./refusals.ts";
import type { ScenarioSwitch } from "./scenario.ts";

/** Everything that one look at the window found and what it means. */
export interface MonitorPass extends Omit<Evaluation, "findings"> {
  evaluatedAt: number;
  modelVersion: string;
  results: MonitorResult[];
  evidence: EvidenceBySeries;
}

export interface MonitorsOptions {
  look: Look;
  results: MonitorResultStore;
  state: StateStore;
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

export type Monitors = ReturnType<typeof createMonitors>;

/** The monitors: one pass looks at the window, judges what it finds, keeps it and tells it. */
export function createMonitors({
  look,
  results,
  state,
  scenario,
  events,
  now,
  every,
  refusedSince,
  onPass,
}: MonitorsOptions) {
  const known = results.latest();
  const evidenceStore = createEvidenceStore(state);
  let evidence = evidenceStore.of(known[0]?.evaluatedAt ?? Number.NaN);
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
    /** What the figures outside their bounds of the newest look are about, also of one before a restart. */
    get evidence(): EvidenceBySeries {
      return evidence;
    },
    /** When the last look was finished (or they began), if that is too long ago: what is known is old. */
    get silentSince(): number | null {
      return now() - looked > missedLooks * every * 1000 + grace ? looked : null;
    },
    /** Looks at the window of the model that serves; stores, publishes and returns what was found. */
    async run({ manifest }: Pick<Model, "manifest">): Promise<MonitorPass> {
      const evaluatedAt = now();
      const refused = windowFrom === null ? nothingRefused : refusedSince(windowFrom);
      const evaluation = await look(manifest.version, { now: evaluatedAt, refused });
      const { findings: _, ...rest } = evaluation;
      const { from, to } = rest;
      windowFrom = from;
      const found = evaluation.findings.flatMap((finding) =>
        finding.evidence ? [[seriesOf(finding), finding.evidence] as const] : [],
      );
      const pass: MonitorPass = {
        ...rest,
        evidence: new Map(found),
        evaluatedAt,
        modelVersion: manifest.version,
        results: judge(evaluation, manifest, evaluatedAt).map(({ unjudged, isRepeated, evidence: _, ...judged }) => ({
          ...judged,
          evaluatedAt,
          windowFrom: from,
          windowTo: to,
          modelVersion: manifest.version,
          scenario: scenario.current.name,
        })),
      };
      results.insertAll(pass.results);
      evidence = pass.evidence;
      evidenceStore.put(evaluatedAt, evidence);
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
