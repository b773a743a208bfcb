import type { WindowFigures } from "./api.ts";

const shortest = 2500;
const longest = 30_000;

/** Until they are there, all sums of a minute may lag by a look of the monitors. */
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

/** Predictions per second of the newest minute that is over: what is known when the page is opened. @returns null without one. */
export function rateOfMinute({ at, minutes }: Pick<WindowFigures, "at" | "minutes">): number | null {
  // In the first one the service may have begun.
  const minute = minutes.slice(1).findLast((candidate) => candidate.at + 60_000 + settled <= at);
  return minute && at - minute.at < 180_000 ? minute.rows / 60 : null;
}
