import type { Setup } from "./api.ts";
import { count, duration, percent } from "./format.ts";

const inTime = (seconds: number): string => `, about ${duration(1000 * seconds)}`;

/** How many predictions the window has, and which share of them has its label (0–1; null while there are none). */
export interface Labels {
  rows: number;
  coverage: number | null;
}

/** When the labels can be judged, as far as it is known: there must be enough of them, for a large enough part of the window. */
export function waitingForLabels(
  { rows, coverage }: Labels,
  perSecond: number | null,
  { least, feedback_delay, window }: Pick<Setup, "least" | "feedback_delay" | "window">,
): string {
  const labelled = Math.round(rows * (coverage ?? 0));
  if (labelled >= least.labels) {
    const share = `Waiting for labels of ${percent(least.coverage, 0)} of the window's predictions`;
    const known = `${percent(coverage, 0)} are known`;
    if (!perSecond) return `${share}: ${known}`;
    // A second brings as many labels as predictions.
    const seconds = Math.max(1, (least.coverage * rows - labelled) / ((1 - least.coverage) * perSecond));
    if (rows + seconds * perSecond <= window) return `${share}${inTime(seconds)}: ${known}`;
    return `${share}: ${known}, and at this rate more will not be, unless labels come sooner or MONITOR_WINDOW is larger`;
  }
  const missing = least.labels - labelled;
  const known = labelled === 0 ? "none is" : `${count(labelled)} are`;
  const time = perSecond ? inTime((labelled === 0 ? feedback_delay : 0) + missing / perSecond) : "";
  return `Waiting for ${count(least.labels)} labels${time}: ${known} known`;
}

/** When there are predictions enough to be judged, as far as it is known. */
export function waitingForRows(
  rows: number,
  perSecond: number | null,
  { least }: Pick<Setup, "least" | "feedback_delay">,
): string {
  if (rows >= least.rows) return `Waiting for the next look of the monitors: ${count(rows)} predictions are there`;
  const time = perSecond ? inTime(Math.max(1, least.rows - rows) / perSecond) : "";
  return `Waiting for ${count(least.rows)} predictions${time}: ${rows === 0 ? "none is" : `${count(rows)} are`} there`;
}
