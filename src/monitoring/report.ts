import { z } from "zod";
import { type MonitorResult, severities } from "../storage/monitor-results.ts";
import type { EvidenceBySeries } from "./evidence-store.ts";
import { type MonitorName, monitorNames, seriesOf } from "./finding.ts";
import { adviceOf, sentenceOf } from "./words.ts";

const time = z.iso.datetime();
const figure = z.number().nullable();
const severity = z.enum(severities);

export const resultSchema = z.object({
  evaluated_at: time,
  monitor: z.string(),
  metric: z.string(),
  feature: z.string().nullable(),
  bin: z.string().nullable(),
  value: figure,
  lower: figure,
  upper: figure,
  /** Sampling error of the value. */
  standard_error: figure,
  threshold: z.object({ lower: figure, upper: figure }),
  /** How often an undisturbed window is outside the thresholds. */
  chance: figure,
  window: z.object({ from: time.nullable(), to: time.nullable() }),
  rows: z.int(),
  verdict: z.enum(["ok", "alarm", "insufficient", "immature"]),
  severity,
  sentence: z.string(),
  since: time,
  model_version: z.string(),
  scenario: z.string(),
});
const distributionSchema = z.array(z.object({ bin: z.string(), ratio: z.number() })).nullable();
export const alarmSchema = resultSchema.extend({
  advice: z.string(),
  /** What the two distributions count, and what they are held against. */
  distribution: z.string().nullable(),
  reference: distributionSchema,
  current: distributionSchema,
});
export const verdictSchema = z.object({ severity, sentence: z.string(), since: time.nullable(), advice: z.string() });
export type PresentedVerdict = z.output<typeof verdictSchema>;

export type PresentedResult = z.output<typeof resultSchema>;

export const exampleResult: PresentedResult = {
  evaluated_at: "2026-11-23T12:10:00.000Z",
  monitor: "drift",
  metric: "psi",
  feature: "montant",
  bin: null,
  value: 0.011,
  lower: null,
  upper: null,
  standard_error: null,
  threshold: { lower: null, upper: 0.031 },
  chance: 6.25e-7,
  window: { from: "2026-11-23T12:03:20.000Z", to: "2026-11-23T12:09:59.000Z" },
  rows: 2000,
  verdict: "ok",
  severity: "ok",
  sentence: "montant is distributed as it was: PSI 0.011, which chance alone lets reach 0.031.",
  since: "2026-11-23T12:05:15.000Z",
  model_version: "20261123T120000",
  scenario: "none",
};

export const iso = (milliseconds: number): string => new Date(milliseconds).toISOString();
const defined = (value: number): number | null => (Number.isFinite(value) ? value : null);

export const presentResult = (result: MonitorResult, evidence?: EvidenceBySeries): PresentedResult => ({
  evaluated_at: iso(result.evaluatedAt),
  monitor: result.monitor,
  metric: result.metric,
  feature: result.feature,
  bin: result.bin,
  value: defined(result.value),
  lower: defined(result.lower),
  upper: defined(result.upper),
  standard_error: defined(result.standardError),
  threshold: { lower: defined(result.thresholdLower), upper: defined(result.thresholdUpper) },
  chance: defined(result.chance),
  window: {
    from: result.windowFrom === null ? null : iso(result.windowFrom),
    to: result.windowTo === null ? null : iso(result.windowTo),
  },
  rows: result.rows,
  verdict: result.verdict,
  severity: result.severity,
  sentence: sentenceOf(result, evidence?.get(seriesOf(result))?.bins),
  since: iso(result.since),
  model_version: result.modelVersion,
  scenario: result.scenario,
});

/** How far outside its bounds: 1 is on the bound. */
function excess({ value, thresholdLower, thresholdUpper }: MonitorResult): number {
  return value > thresholdUpper ? value / thresholdUpper : thresholdLower / value;
}

/** The alarms, what to look at first coming first: by severity, then by monitor, then by how far outside the bounds. */
export function alarmsOf(results: readonly MonitorResult[]): MonitorResult[] {
  const rank = ({ monitor }: MonitorResult) => monitorNames.indexOf(monitor as MonitorName);
  return results
    .filter(({ verdict }) => verdict === "alarm")
    .sort(
      (a, b) =>
        severities.indexOf(b.severity) - severities.indexOf(a.severity) || rank(a) - rank(b) || excess(b) - excess(a),
    );
}

/** An alarm with everything that is needed to understand it. */
export function presentAlarm(result: MonitorResult, evidence: EvidenceBySeries): z.output<typeof alarmSchema> {
  const found = evidence.get(seriesOf(result));
  const side = (of: "reference" | "current") => found?.bins.map((bin) => ({ bin: bin.bin, ratio: bin[of] })) ?? null;
  return {
    ...presentResult(result, evidence),
    advice: adviceOf(result),
    distribution: found?.about ?? null,
    reference: side("reference"),
    current: side("current"),
  };
}
