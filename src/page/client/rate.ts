import type { WindowFigures } from "./api.ts";

const shortest = 2500;
const longest = 30_000;

/** The sums of a minute are whole with the look of the monitors that follows it. */
const settled = 30_000;

type Count = Pick<WindowFigures, "at" | "answered">;

/** Predictions per second, from what the service had answered at two moments of the last 30 s. */
export function createRate() {
  let counts: Count[] = [];
  let perSecond: number | null = null;

  return {
    /** @returns null while it is not known. */
    add({ at, answered }: Count): number | null {
      // A service that was started anew counts from zero.
      if (answered < (counts.at(-1)?.answered ?? 0)) counts = [];
      counts.push({ at, answered });
      while (counts[1] && at - counts[1].at >= longest) counts.shift();
      const [first] = counts;
      if (first && at - first.at >= shortest) perSecond = (1000 * (answered - first.answered)) / (at - first.at);
      return perSecond;
    },
  };
}

/**
 * Predictions per second as far as they are known when the page is opened: of the newest minute that is over, or else since
 * the service was started. @returns null when it was only just started.
 */
export function firstRate({
  at,
  minutes,
  answered,
  started_at,
}: Pick<WindowFigures, "at" | "minutes" | "answered" | "started_at">): number | null {
  // In the first one the service may have begun.
  const minute = minutes.slice(1).findLast((candidate) => candidate.at + 60_000 + settled <= at);
  if (minute && at - minute.at < 180_000) return minute.rows / 60;
  return at - started_at >= shortest ? (1000 * answered) / (at - started_at) : null;
}
