import { z } from "zod";
import { type MonitorResult, severities } from "../storage/monitor-results.ts";
import type { BinShare, Distributions } from "./distributions.ts";
import { leastRows, type MonitorName, monitorNames } from "./finding.ts";
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
  reference: distributionSchema,
  current: distributionSchema,
});
export const verdictSchema = z.object({ severity, sentence: z.string(), since: time.nullable(), advice: z.string() });

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

export const presentResult = (result: MonitorResult, bins?: readonly BinShare[]): PresentedResult => ({
  evaluated_at: iso(result.evaluatedAt),
  monitor: result.monitor,
  metric: result.metric,
  feature: result.feature,
  bin: result.bin,
  value: defined(result.value),
  lower: defined(result.lower),
  upper: defined(result.upper),
  threshold: { lower: defined(result.thresholdLower), upper: defined(result.thresholdUpper) },
  chance: defined(result.chance),
  window: {
    from: result.windowFrom === null ? null : iso(result.windowFrom),
    to: result.windowTo === null ? null : iso(result.windowTo),
  },
  rows: result.rows,
  verdict: result.verdict,
  severity: result.severity,
  sentence: sentenceOf(result, bins),
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

const openings: Record<(typeof severities)[number], string> = {
  ok: "The model can be believed",
  info: "The model can be believed, though its inputs moved",
  warning: "Be careful with the model",
  critical: "Do not believe the model",
};

const namedFields = 6;

/** The fields whose values are others than before; a field along which a segment got worse need not be one of them. */
const movedFields = (alarms: readonly MonitorResult[]): string[] => [
  ...new Set(
    alarms
      .filter(({ monitor }) => monitor === "drift" || monitor === "quality")
      .map(({ feature }) => feature)
      .filter((feature) => feature !== null),
  ),
];

/** The state of the model in words. */
export function verdictOf(
  results: readonly MonitorResult[],
  distributions: Distributions | null,
): z.output<typeof verdictSchema> {
  const [worst, ...others] = alarmsOf(results);
  if (worst) {
    const moved = movedFields([worst, ...others]);
    const isSaid = moved.length === movedFields([worst]).length;
    const more = moved.length > namedFields ? ` and ${moved.length - namedFields} more` : "";
    const also = isSaid ? "" : ` Moved: ${moved.slice(0, namedFields).join(", ")}${more}.`;
    return {
      severity: worst.severity,
      sentence: `${openings[worst.severity]}. ${sentenceOf(worst, binsOf(worst, distributions))}${also}`,
      since: iso(worst.since),
      advice: adviceOf(worst),
    };
  }
  const figureOf = (monitor: string, metric: string) =>
    results.find((result) => result.monitor === monitor && result.metric === metric);
  const drift = figureOf("prediction", "psi");
  if (!drift || drift.verdict === "insufficient") {
    return {
      severity: "ok",
      sentence: `It is too early to say: ${drift?.rows ?? 0} of the first ${leastRows} predictions are there.`,
      since: null,
      advice: "Wait.",
    };
  }
  const realized = figureOf("realized", "roc_auc");
  const performance = realized
    ? realized.verdict === "ok"
      ? `labels show a ROC AUC of ${realized.value.toFixed(3)}`
      : "labels are not there yet"
    : "";
  return {
    severity: "ok",
    sentence: `${openings.ok}: over the last ${drift.rows.toLocaleString("en")} predictions nothing moved by more than chance, and ${performance}.`,
    since: iso(drift.since),
    advice: "Nothing to do.",
  };
}

/** The distribution that a result is about, where there is one. */
export function binsOf(result: MonitorResult, distributions: Distributions | null): BinShare[] | undefined {
  if (result.monitor === "prediction") return distributions?.score;
  return result.feature === null ? undefined : distributions?.features.get(result.feature);
}

/** An alarm with everything that is needed to understand it. */
export function presentAlarm(result: MonitorResult, distributions: Distributions | null): z.output<typeof alarmSchema> {
  const bins = binsOf(result, distributions);
  const side = (of: "reference" | "current") => bins?.map((bin) => ({ bin: bin.bin, ratio: bin[of] })) ?? null;
  return {
    ...presentResult(result, bins),
    advice: adviceOf(result),
    reference: side("reference"),
    current: side("current"),
  };
}
