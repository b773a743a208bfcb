import { type Finding, finding, leastCoverage, leastLabels, unjudgedFinding } from "./finding.ts";
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
  let usualDelay = known.length >= leastLabels ? quantileOf(known.slice().sort(), 0.99) : Number.NaN;

  return function labelFindings(window: Window, now: number): Finding[] {
    const delays = window.delays.filter((delay) => !Number.isNaN(delay)).sort();
    if (delays.length >= leastLabels) usualDelay = quantileOf(delays, 0.99);
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
    return [coverage, delay, dueCoverage(window, now - 1500 * usualDelay)];
  };
}

/** @param dueSince predictions older than this have had time for their label; NaN while no delay is known */
function dueCoverage(window: Window, dueSince: number): Finding {
  let due = 0;
  let labelled = 0;
  const { labels } = window;
  window.times.forEach((time, row) => {
    if (!(time <= dueSince)) return;
    due++;
    if ((labels[row] as number) >= 0) labelled++;
  });
  const base = { monitor: "labels", metric: "due_coverage", feature: null, rows: due } as const;
  if (due < leastLabels) return unjudgedFinding(base, "insufficient");
  return finding({ ...base, value: labelled / due, thresholdLower: leastCoverage });
}
