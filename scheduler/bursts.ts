import { createRandom } from "../src/statistics/random.ts";

const minute = 60_000;
const startsInMinute = 0.2;
/** More minutes than any scenario is played: four years. */
const most = 2 ** 21;

/**
 * Whether a time (milliseconds since the beginning) is within a burst. Bursts last a minute; in each minute one begins with a
 * chance of one in five, at any moment of it, so that they come at random, one in five minutes on average. They follow from the
 * seed (an integer) and the time alone: nothing has to be kept, and a restart changes nothing.
 */
export function isInBurst(time: number, seed: number): boolean {
  const last = Math.floor(time / minute);
  const base = createRandom(seed).integer(2 ** 32) * most;
  return [last - 1, last].some((index) => {
    if (index < 0) return false;
    const random = createRandom(base + (index % most));
    if (random.uniform() >= startsInMinute) return false;
    const start = (index + random.uniform()) * minute;
    return start <= time && time < start + minute;
  });
}
