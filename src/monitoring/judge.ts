import type { Manifest } from "../models/manifest.ts";
import type { Severity, Verdict } from "../storage/monitor-results.ts";
import type { Evaluation } from "./evaluate.ts";
import { type Finding, isOutside, seriesOf } from "./finding.ts";

export interface JudgedFinding extends Finding {
  verdict: Verdict;
  /** What to do about it: `ok` nothing, `info` know it, `warning` look at it, `critical` stop believing the model. */
  severity: Severity;
  /** When the present verdict began, milliseconds since the epoch. */
  since: number;
}

interface SeriesKey {
  monitor: string;
  metric: string;
  feature: string | null;
}

interface Series {
  wasOutside: boolean;
  verdict: Verdict;
  since: number;
}

/** Share of customers that must have changed their bin before a feature is said to have moved far. */
const farMove = 0.1;

/** Total variation distance between two vectors of counts: the share of rows that would have to change their bin, 0–1. */
export function movedShare(reference: ArrayLike<number>, window: ArrayLike<number>): number {
  const sum = (counts: ArrayLike<number>) => Array.from(counts).reduce((total, count) => total + count, 0);
  const [before, now] = [sum(reference), sum(window)];
  let moved = 0;
  for (let bin = 0; bin < reference.length; bin++) {
    moved += Math.abs((reference[bin] as number) / before - (window[bin] as number) / now);
  }
  return moved / 2;
}

/**
 * What an alarm means: `info`, the inputs or the scores moved; `warning`, quality is estimated to be out of its bounds, labels
 * contradict the estimate or show a segment that got worse, requests are refused, or an input that the model leans on (its
 * importance is more than an equal share) moved far (a tenth of the customers changed their bin); `critical`, realized quality is
 * out of its bounds, or there is nothing to judge by.
 * @param bins counts by bin of each feature
 */
export function severityOf(
  { monitor, metric, feature }: Finding,
  bins: readonly Float64Array[],
  manifest: Manifest,
): Severity {
  switch (monitor) {
    case "realized":
    case "labels":
      return "critical";
    case "estimated":
    case "estimate_error":
    case "segment":
      return "warning";
    case "stream":
      return metric === "age_seconds" ? "critical" : metric === "refused_ratio" ? "warning" : "info";
    case "drift":
    case "quality": {
      const { features } = manifest.reference;
      const column = features.findIndex(({ name }) => name === feature);
      const reference = features[column];
      const isLeanedOn = (manifest.importance[feature as string] ?? 0) > 1 / features.length;
      const isFar = reference !== undefined && movedShare(reference.counts, bins[column] as Float64Array) >= farMove;
      return isLeanedOn && isFar ? "warning" : "info";
    }
    default:
      return "info";
  }
}

type Reading = Pick<Evaluation, "findings" | "bins">;

/**
 * Turns findings into verdicts. A figure raises an alarm when it is outside its bounds in two looks in a row, and one look
 * inside clears it.
 */
export function createJudge(known: Iterable<SeriesKey & { verdict: Verdict; since: number }>) {
  const series = new Map<string, Series>();
  for (const before of known) {
    const { verdict, since } = before;
    series.set(seriesOf(before), { wasOutside: verdict === "alarm", verdict, since });
  }

  function judge(finding: Finding, time: number): { verdict: Verdict; since: number } {
    const name = seriesOf(finding);
    const before = series.get(name);
    if (finding.isRepeated && before) return before;
    const outside = !finding.unjudged && isOutside(finding);
    const verdict: Verdict = finding.unjudged ?? (outside && before?.wasOutside ? "alarm" : "ok");
    const since = before?.verdict === verdict ? before.since : time;
    const now = { wasOutside: outside, verdict, since };
    series.set(name, now);
    return now;
  }

  /** @param time of the look, milliseconds since the epoch */
  return function judgeAll(reading: Reading, manifest: Manifest, time: number): JudgedFinding[] {
    return reading.findings.map((finding) => {
      const { verdict, since } = judge(finding, time);
      return {
        ...finding,
        verdict,
        since,
        severity: verdict === "alarm" ? severityOf(finding, reading.bins, manifest) : "ok",
      };
    });
  };
}
