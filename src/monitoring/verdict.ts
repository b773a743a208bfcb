import type { MonitorResult, Severity } from "../storage/monitor-results.ts";
import type { EvidenceBySeries } from "./evidence-store.ts";
import { leastRows, seriesOf } from "./finding.ts";
import { alarmsOf, iso, type PresentedVerdict } from "./report.ts";
import { adviceOf, placeOf, sentenceOf } from "./words.ts";

/** What the worst severity says of the model. */
export const openings: Record<Severity, string> = {
  ok: "The model can be believed",
  info: "The model can be believed, though its inputs moved",
  warning: "Be careful with the model",
  critical: "Do not believe the model",
};

/** Monitors that name what moved among the inputs; those of performance, of which some have labels. */
const aboutInputs = ["drift", "quality"];
const aboutPerformance = ["realized", "estimate_error", "segment"];

// A sentence with all sixteen says less than one with the worst.
const namedFeatures = 6;

export interface Known {
  /** Of the last look. */
  results: readonly MonitorResult[];
  evidence: EvidenceBySeries;
  /** When somebody last looked, if that is too long ago (milliseconds since the epoch). */
  silentSince: number | null;
}

/** The state of the model in words. */
export function verdictOf({ results, evidence, silentSince }: Known): PresentedVerdict {
  if (silentSince !== null) {
    return {
      severity: "critical",
      sentence: `Nobody knows whether to believe the model. The monitors have not finished a look since ${iso(silentSince)}; all figures are older.`,
      since: iso(silentSince),
      advice: "Look at the log of the service for the job monitors, and at churn_job_runs_total.",
    };
  }
  const alarms = alarmsOf(results);
  const [worst] = alarms;
  return worst ? alarmed(worst, alarms, evidence) : quiet(results);
}

function alarmed(worst: MonitorResult, alarms: readonly MonitorResult[], evidence: EvidenceBySeries): PresentedVerdict {
  const moved = [
    ...new Set(alarms.filter(({ monitor }) => aboutInputs.includes(monitor)).map(({ feature }) => feature)),
  ];
  const isOfPerformance = aboutPerformance.includes(worst.monitor);
  const [source] = moved;
  return {
    severity: worst.severity,
    sentence: [
      `${openings[worst.severity]}.`,
      sentenceOf(worst, evidence.get(seriesOf(worst))?.bins),
      ...(isOfPerformance ? [whereAndWhy(worst, alarms)] : []),
      ...(moved.some((feature) => feature !== worst.feature) ? [`Moved: ${named(moved)}.`] : []),
    ]
      .filter(Boolean)
      .join(" "),
    since: iso(worst.since),
    advice:
      isOfPerformance && source
        ? `Ask whoever delivers ${source} what changed, and do not act on the predictions until it is known.`
        : adviceOf(worst),
  };
}

function named(features: readonly (string | null)[]): string {
  const rest = features.length - namedFeatures;
  return features.slice(0, namedFeatures).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}

/** Where the model got worse, and whether the inputs explain it. */
function whereAndWhy(worst: MonitorResult, alarms: readonly MonitorResult[]): string {
  const segment = alarms.find(({ monitor }) => monitor === "segment");
  const where = segment && segment !== worst ? `It got worse most where ${placeOf(segment)}.` : "";
  const isUnexplained = alarms.every(({ monitor }) => aboutPerformance.includes(monitor));
  return `${where}${isUnexplained ? " The inputs look as at training: what they mean has changed." : ""}`.trim();
}

function quiet(results: readonly MonitorResult[]): PresentedVerdict {
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
