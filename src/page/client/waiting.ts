import type { Setup, WindowFigures } from "./api.ts";
import { count, duration } from "./format.ts";

const inTime = (seconds: number): string => `, about ${duration(1000 * seconds)}`;

/** When the first labels can be judged, as far as it is known. */
export function waitingForLabels(
  { window }: WindowFigures,
  perSecond: number | null,
  { least, feedback_delay }: Setup,
): string {
  const missing = Math.max(1, least.labels - window.labelled);
  const known = window.labelled === 0 ? "none is" : `${count(window.labelled)} are`;
  const time = perSecond ? inTime((window.labelled === 0 ? feedback_delay : 0) + missing / perSecond) : "";
  return `Waiting for ${count(least.labels)} labels${time}: ${known} known`;
}

/** When there are predictions enough to be judged, as far as it is known. */
export function waitingForRows(rows: number, perSecond: number | null, { least }: Setup): string {
  const time = perSecond ? inTime(Math.max(1, least.rows - rows) / perSecond) : "";
  return `Waiting for ${count(least.rows)} predictions${time}: ${rows === 0 ? "none is" : `${count(rows)} are`} there`;
}
