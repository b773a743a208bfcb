import { wilsonInterval } from "../statistics/intervals.ts";
import { type Finding, falseAlarmRate, finding, leastRows, rateWithin, unjudgedFinding } from "./finding.ts";
import { leastShare } from "./quality.ts";
import type { Refused } from "./refusals.ts";
import type { Window } from "./window.ts";

const silences = -Math.log(falseAlarmRate);

/** Longest time between two predictions of a window that follow each other, milliseconds. */
function longestGap(window: Window): number {
  const ascending = window.times.slice().sort();
  let longest = 0;
  for (let i = 1; i < ascending.length; i++) {
    longest = Math.max(longest, (ascending[i] as number) - (ascending[i - 1] as number));
  }
  return longest;
}

/**
 * The stream of requests as such: how long ago the last came, how many repeat one of the window word for word, how many were
 * refused. A silence is too long when a stream of the window's mean rate would be silent that long with the false-alarm rate
 * (Poisson), and it is more than twice the longest of the window. No customer of the training data came twice or could not be
 * read: the share that is still chance follows from their number.
 * @param refused requests refused in the time of the window
 */
export function streamFindings(window: Window, referenceRows: number, refused: Refused, now: number): Finding[] {
  const { rows, from, to } = window;
  const base = { monitor: "stream", feature: null } as const;
  if (rows < leastRows || from === null || to === null) {
    return ["age_seconds", "duplicate_ratio", "refused_ratio"].map((metric) =>
      unjudgedFinding({ ...base, metric, rows }, "insufficient"),
    );
  }
  const rate = rateWithin(2);
  const believed = wilsonInterval(0, referenceRows, 1 - 2 * rate).upper;
  const share = (metric: string, count: number, trials: number): Finding =>
    finding({
      ...base,
      metric,
      rows: trials,
      ...wilsonInterval(count, trials),
      thresholdUpper: leastShare(trials, believed, rate),
      chance: rate,
    });
  const expected = (silences * (to - from)) / rows;
  return [
    finding({
      ...base,
      metric: "age_seconds",
      rows,
      value: Math.max(0, now - to) / 1000,
      thresholdUpper: Math.max(expected, 2 * longestGap(window)) / 1000,
      chance: falseAlarmRate,
    }),
    share("duplicate_ratio", window.duplicates, rows),
    { ...share("refused_ratio", refused.count, rows + refused.count), bin: refused.reason },
  ];
}
