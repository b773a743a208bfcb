import { intervalLabels, intervalOf } from "../models/profile.ts";
import { sharesOf } from "./distributions.ts";
import {
  type Evidence,
  type Finding,
  finding,
  leastCoverage,
  leastLabels,
  unjudgedFinding,
  withEvidence,
} from "./finding.ts";
import type { Window } from "./window.ts";

const quantileOf = (ascending: Float64Array, share: number): number =>
  ascending[Math.min(ascending.length - 1, Math.floor(share * ascending.length))] ?? Number.NaN;

/**
 * How labels arrive: their share, their delay, and their share among the predictions that are old enough to have one. Old
 * enough is one and a half times the delay that 99 of 100 labels kept, as last seen; fewer than half of those labelled means
 * that labels have stopped.
 * @param known delays of labels that came before (seconds): none of the window need have any
 */
export function createLabelMonitor(known: Float64Array) {
  /** Delays of labels as last seen, ascending; empty while too few are known. */
  let usual = known.length >= leastLabels ? known.slice().sort() : new Float64Array();

  return function labelFindings(window: Window, now: number): Finding[] {
    const delays = window.delays.filter((delay) => !Number.isNaN(delay)).sort();
    if (delays.length >= leastLabels) usual = delays;
    const base = { monitor: "labels", feature: null } as const;
    const coverage =
      window.rows === 0
        ? unjudgedFinding({ ...base, metric: "coverage", rows: 0 }, "insufficient")
        : finding({ ...base, metric: "coverage", rows: window.rows, value: delays.length / window.rows });
    const delay =
      delays.length === 0
        ? unjudgedFinding({ ...base, metric: "delay_seconds", rows: 0 }, "insufficient")
        : finding({
            ...base,
            metric: "delay_seconds",
            rows: delays.length,
            value: quantileOf(delays, 0.5),
            lower: quantileOf(delays, 0.025),
            upper: quantileOf(delays, 0.975),
          });
    return [coverage, delay, dueCoverage(window, now, usual)];
  };
}

function dueCoverage(window: Window, now: number, usual: Float64Array): Finding {
  // Predictions older than this have had time for their label; NaN while no delay is known.
  const dueSince = now - 1500 * quantileOf(usual, 0.99);
  const { times } = window;
  const delaysOfDue = window.delays.filter((_, row) => (times[row] as number) <= dueSince);
  const due = delaysOfDue.length;
  const labelled = delaysOfDue.filter((delay) => !Number.isNaN(delay)).length;
  const base = { monitor: "labels", metric: "due_coverage", feature: null, rows: due } as const;
  if (due < leastLabels) return unjudgedFinding(base, "insufficient");
  return withEvidence(finding({ ...base, value: labelled / due, thresholdLower: leastCoverage }), () =>
    delayEvidence(usual, delaysOfDue),
  );
}

const shownQuantiles = [0.25, 0.5, 0.75, 0.95];

/** @param due delays of predictions that should have a label, NaN of those that have none */
function delayEvidence(usual: Float64Array, due: Float64Array): Evidence {
  const edges = [...new Set(shownQuantiles.map((share) => quantileOf(usual, share)))];
  const names = intervalLabels(edges);
  const count = (delays: Float64Array) => {
    const counts = new Float64Array(names.length + 1);
    for (const delay of delays) {
      const bin = Number.isNaN(delay) ? names.length : intervalOf(edges, delay);
      counts[bin] = (counts[bin] as number) + 1;
    }
    return counts;
  };
  return {
    about: "predictions that should have a label by the seconds until it came, beside the labels that came last",
    bins: sharesOf([...names, "no label"], count(usual), count(due)),
  };
}
