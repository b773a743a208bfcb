import { intervalLabels, intervalOf } from "../models/profile.ts";
import { wilsonInterval } from "../statistics/intervals.ts";
import { sharesOf } from "./distributions.ts";
import {
  type Evidence,
  type Finding,
  falseAlarmRate,
  finding,
  leastRows,
  rateWithin,
  unjudgedFinding,
  withEvidence,
} from "./finding.ts";
import { leastShare } from "./quality.ts";
import type { Refused } from "./refusals.ts";
import type { Window } from "./window.ts";

const silences = -Math.log(falseAlarmRate);

/** Times between predictions of a window that follow each other, milliseconds. */
function gapsOf(window: Window): Float64Array {
  const ascending = window.times.slice().sort();
  return ascending.subarray(1).map((time, i) => time - (ascending[i] as number));
}

const gapEdges = [1, 10, 60, 600, 3600];

/** @param silence milliseconds since the last prediction */
function silenceEvidence(gaps: Float64Array, silence: number): Evidence {
  const count = (times: Float64Array) => {
    const counts = new Float64Array(gapEdges.length + 1);
    for (const time of times) {
      const bin = intervalOf(gapEdges, time / 1000);
      counts[bin] = (counts[bin] as number) + 1;
    }
    return counts;
  };
  return {
    about: "seconds from one prediction of the window to the next (reference), and since the last one (current)",
    bins: sharesOf(intervalLabels(gapEdges), count(gaps), count(Float64Array.of(silence))),
  };
}

const repetitionLabels = ["first", "second", "third or later"];

const repetitionEvidence = (window: Window): Evidence => ({
  about: "requests of the window by how often the same had been asked, beside the training data, where none came twice",
  bins: sharesOf(repetitionLabels, [1, 0, 0], window.repetitions(repetitionLabels.length)),
});

const refusalEvidence = (accepted: number, { reasons }: Refused): Evidence => ({
  about: "requests by what became of them, beside the training data, of which every row could be read",
  bins: sharesOf(
    ["accepted", ...[...reasons.keys()].map((reason) => reason.replaceAll("_", " "))],
    [1, ...Array.from(reasons, () => 0)],
    [accepted, ...reasons.values()],
  ),
});

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
  const gaps = gapsOf(window);
  const silence = Math.max(0, now - to);
  const age = finding({
    ...base,
    metric: "age_seconds",
    rows,
    value: silence / 1000,
    thresholdUpper: Math.max(expected, 2 * gaps.reduce((longest, gap) => Math.max(longest, gap), 0)) / 1000,
    chance: falseAlarmRate,
  });
  return [
    withEvidence(age, () => silenceEvidence(gaps, silence)),
    withEvidence(share("duplicate_ratio", window.duplicates, rows), () => repetitionEvidence(window)),
    withEvidence({ ...share("refused_ratio", refused.count, rows + refused.count), bin: refused.reason }, () =>
      refusalEvidence(rows, refused),
    ),
  ];
}
