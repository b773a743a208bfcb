import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { candidate, findSplit } from "./split.ts";

interface Bin {
  gradient: number;
  hessian: number;
}

const find = (bins: Bin[], penalty = 1, least = 1) => {
  const histogram = Float64Array.from(bins.flatMap(({ gradient, hessian }) => [gradient, hessian]));
  const out = new Float64Array(candidate.size);
  findSplit(histogram, 0, bins.length, { penalty, least }, out, 0);
  return Object.fromEntries(Object.entries(candidate).map(([name, place]) => [name, out[place]])) as Record<
    keyof typeof candidate,
    number
  >;
};

const total = (bins: Bin[]): Bin => ({
  gradient: bins.reduce((sum, bin) => sum + bin.gradient, 0),
  hessian: bins.reduce((sum, bin) => sum + bin.hessian, 0),
});

/** Every way to part the bins, by the definition. */
function bestScore(bins: Bin[], penalty: number, least: number): number {
  const intervals = bins.slice(0, -1);
  const missing = bins.at(-1) as Bin;
  const scores = intervals.flatMap((_, bin) =>
    [[], [missing]].map((joined) => {
      const left = total([...intervals.slice(0, bin + 1), ...joined]);
      const all = total(bins);
      const right = { gradient: all.gradient - left.gradient, hessian: all.hessian - left.hessian };
      if (Math.min(left.hessian, right.hessian) < Math.max(least, 1)) return -1;
      return left.gradient ** 2 / (left.hessian + penalty) + right.gradient ** 2 / (right.hessian + penalty);
    }),
  );
  return Math.max(-1, ...scores);
}

describe("a split", () => {
  test("is the best of all that there are, missing on either side", () => {
    const drawn = fc.record({ gradient: fc.integer({ min: -50, max: 50 }), hessian: fc.integer({ min: 1, max: 9 }) });
    const bin = fc.oneof(drawn, fc.constant({ gradient: 0, hessian: 0 }));
    fc.assert(
      fc.property(
        fc.array(bin, { minLength: 2, maxLength: 9 }),
        fc.integer({ min: 0, max: 5 }),
        fc.integer({ min: 0, max: 12 }),
        (bins, penalty, least) => {
          const { score, leftHessian, gradient, hessian } = find(bins, penalty, least);
          expect(score).toBe(bestScore(bins, penalty, least));
          expect({ gradient, hessian }).toEqual(total(bins));
          if (score >= 0) expect(Math.min(leftHessian, hessian - leftHessian)).toBeGreaterThanOrEqual(least);
        },
      ),
    );
  });

  test("of several that part the rows alike is the first", () => {
    const empty = { gradient: 0, hessian: 0 };
    const { bin } = find([{ gradient: 5, hessian: 3 }, empty, empty, { gradient: -5, hessian: 3 }, empty]);
    expect(bin).toBe(0);
  });

  test("sends what training never saw missing to the larger side", () => {
    const [small, large] = [
      { gradient: 5, hessian: 3 },
      { gradient: -5, hessian: 30 },
    ];
    const none = { gradient: 0, hessian: 0 };
    expect(find([small, large, none]).missingLeft).toBe(0);
    expect(find([large, small, none]).missingLeft).toBe(1);
  });
});
