const unknown = "–";

export const percent = (ratio: number | null | undefined, digits = 1): string =>
  typeof ratio === "number" && Number.isFinite(ratio) ? `${(100 * ratio).toFixed(digits)} %` : unknown;

export const figure = (value: number | null | undefined, digits = 3): string =>
  typeof value === "number" && Number.isFinite(value) ? value.toFixed(digits) : unknown;

export const count = (value: number): string => Math.round(value).toLocaleString("en");

/** In the zone of whoever looks. */
export const clock = (time: number | string): string =>
  new Date(time).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });

export const moment = (time: number | string): string =>
  new Date(time).toLocaleString([], { dateStyle: "medium", timeStyle: "short", hour12: false });

const clockSuffices = 12 * 3_600_000;

/** Since when: the hour alone only while it can be no other day's. */
export const beginning = (time: number | string, now: number): string =>
  Math.abs(now - new Date(time).getTime()) < clockSuffices ? clock(time) : moment(time);

export function duration(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 100) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 100) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`;
}

/** A share with two digits that count. */
export const shortPercent = (ratio: number): string => `${Number((100 * ratio).toPrecision(2))} %`;
