import { describe, expect, test } from "bun:test";
import { isInBurst } from "./bursts.ts";

const second = 1000;
const seconds = 7 * 24 * 3600;

/** When bursts of a week begin and how long they last, in seconds; bursts that meet are one. */
function burstsOf(seed: number): { start: number; length: number }[] {
  const bursts: { start: number; length: number }[] = [];
  for (let at = 0, wasIn = false; at < seconds; at++) {
    const isIn = isInBurst(at * second, seed);
    if (isIn && !wasIn) bursts.push({ start: at, length: 0 });
    if (isIn) (bursts.at(-1) as { length: number }).length++;
    wasIn = isIn;
  }
  return bursts;
}

describe("bursts", () => {
  const bursts = burstsOf(1);

  test("last a minute, or longer where the next one begins before the end", () => {
    const lengths = bursts.map(({ length }) => length);
    expect(Math.min(...lengths.slice(0, -1))).toBeGreaterThanOrEqual(59);
    expect(lengths.filter((length) => length <= 61).length / lengths.length).toBeGreaterThan(0.75);
  });

  test("begin at any second of a minute, equally often: chi-square of 12 parts of five seconds", () => {
    const parts = new Float64Array(12);
    for (const { start } of bursts)
      parts[Math.floor((start % 60) / 5)] = (parts[Math.floor((start % 60) / 5)] ?? 0) + 1;
    const expected = bursts.length / parts.length;
    // Exceeded by chance once in 1,000.
    expect(parts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)).toBeLessThan(31.26);
  });

  test("follow each other after times that nobody can foresee: mostly short ones, some four times the mean", () => {
    const gaps = bursts.slice(1).map(({ start }, i) => start - (bursts[i] as { start: number }).start);
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length);
    expect(mean / 60).toBeWithin(5, 6.5);
    expect(deviation / mean).toBeWithin(0.6, 1);
    expect(Math.max(...gaps)).toBeGreaterThan(4 * mean);
  });

  test("are the same for the same seed whatever was asked before, and others for another", () => {
    const [one, two, again] = [bursts, burstsOf(2), burstsOf(1)].map((all) => all.map(({ start }) => start));
    expect(again).toEqual(one as number[]);
    expect(two?.filter((start) => one?.includes(start)).length as number).toBeLessThan(100);
    const late = (bursts.at(-2) as { start: number }).start;
    expect([isInBurst((late - 1) * second, 1), isInBurst(late * second, 1)]).toEqual([false, true]);
  });

  test("take a time at which a service was started as their seed", () => {
    const of = (seed: number) => Array.from({ length: 1440 }, (_, at) => isInBurst(at * 60 * second, seed));
    const started = Date.UTC(2026, 10, 25);
    expect(of(started)).toEqual(of(started));
    expect(of(started)).not.toEqual(of(started + 1));
    expect(of(started).filter(Boolean).length).toBeWithin(150, 450);
  });
});
