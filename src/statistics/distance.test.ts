import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { chiSquareTest } from "./chi-square.ts";
import { hellingerDistance, jensenShannonDistance, lInfinityDistance, populationStabilityIndex } from "./distance.ts";
import { expectNear, golden } from "./golden.ts";
import { kolmogorovSmirnovFromBins } from "./kolmogorov-smirnov.ts";

fc.configureGlobal({ seed: 20240229 });

const bounded = {
  jensenShannonDistance,
  hellingerDistance,
  lInfinityDistance,
  kolmogorovSmirnov: (a: number[], b: number[]) => kolmogorovSmirnovFromBins(a, b).statistic,
};
const distances = {
  ...bounded,
  populationStabilityIndex,
  chiSquare: (a: number[], b: number[]) => chiSquareTest(a, b).statistic,
};

/** Counts of reference and window over the same bins, both with rows. */
const countPairs = fc
  .array(fc.tuple(fc.nat(500), fc.nat(500)), { minLength: 1, maxLength: 20 })
  .map((bins): [number[], number[]] => [bins.map((bin) => bin[0]), bins.map((bin) => bin[1])])
  .filter(([a, b]) => a.some((count) => count > 0) && b.some((count) => count > 0));

test("distances over bins agree with scipy", () => {
  for (const { reference, window, ...expected } of golden.distances) {
    expectNear(populationStabilityIndex(reference, window), expected.populationStabilityIndex);
    expectNear(jensenShannonDistance(reference, window), expected.jensenShannonDistance);
    expectNear(hellingerDistance(reference, window), expected.hellingerDistance);
    expectNear(lInfinityDistance(reference, window), expected.lInfinityDistance);
    const chiSquare = chiSquareTest(reference, window);
    const [statistic = 0, degreesOfFreedom = 0, pValue = 0] = expected.chiSquare;
    expectNear(chiSquare.statistic, statistic);
    expect(chiSquare.degreesOfFreedom).toBe(degreesOfFreedom);
    expectNear(chiSquare.pValue, pValue);
    const kolmogorovSmirnov = kolmogorovSmirnovFromBins(reference, window);
    expectNear(kolmogorovSmirnov.statistic, expected.kolmogorovSmirnov[0] as number);
    expectNear(kolmogorovSmirnov.pValue, expected.kolmogorovSmirnov[1] as number);
  }
});

describe.each(Object.entries(distances))("%s", (_name, distance) => {
  test("is at least 0, 0 on itself and symmetric", () => {
    fc.assert(
      fc.property(countPairs, ([a, b]) => {
        expect(distance(a, b)).toBeGreaterThanOrEqual(0);
        expect(distance(a, a)).toBe(0);
        expectNear(distance(a, b), distance(b, a), 1e-12);
      }),
    );
  });

  test("does not see bins that nobody is in", () => {
    fc.assert(
      fc.property(countPairs, ([a, b]) => {
        expectNear(distance([0, ...a, 0], [0, ...b, 0]), distance(a, b), 1e-12);
      }),
    );
  });

  test("is NaN when a side has no rows or no bins", () => {
    expect(distance([0, 0], [1, 2])).toBeNaN();
    expect(distance([1, 2], [0, 0])).toBeNaN();
    expect(distance([], [])).toBeNaN();
  });

  test("refuses vectors of different bins", () => {
    expect(() => distance([1, 2], [1, 2, 3])).toThrow(RangeError);
  });
});

test("the order of the bins matters to Kolmogorov–Smirnov alone", () => {
  fc.assert(
    fc.property(countPairs, ([a, b]) => {
      const { kolmogorovSmirnov: _, ...unordered } = distances;
      for (const distance of Object.values(unordered)) {
        expectNear(distance(a.toReversed(), b.toReversed()), distance(a, b), 1e-12);
        expectNear(distance([...a.slice(1), a[0] as number], [...b.slice(1), b[0] as number]), distance(a, b), 1e-12);
      }
    }),
  );
  expect(kolmogorovSmirnovFromBins([10, 0, 10], [0, 20, 0]).statistic).toBe(0.5);
  expect(kolmogorovSmirnovFromBins([0, 10, 10], [20, 0, 0]).statistic).toBe(1);
});

test("bounded distances stay within 0 and 1 and reach 1 when no bin is shared", () => {
  fc.assert(
    fc.property(countPairs, ([a, b]) => {
      for (const distance of Object.values(bounded)) expect(distance(a, b)).toBeLessThanOrEqual(1);
    }),
  );
  for (const distance of Object.values(bounded)) expect(distance([7, 0], [0, 3])).toBe(1);
});

test("shares, not rows, decide the bounded distances", () => {
  fc.assert(
    fc.property(countPairs, fc.integer({ min: 1, max: 50 }), ([a, b], factor) => {
      const repeated = b.map((count) => count * factor);
      for (const distance of Object.values(bounded)) expectNear(distance(a, repeated), distance(a, b), 1e-9);
    }),
  );
});

test("adding the bins of two windows is the same as one window of both", () => {
  const rows = fc.array(fc.nat(7), { minLength: 1, maxLength: 60 });
  const binned = (values: number[]) => {
    const counts = new Float64Array(8);
    for (const bin of values) counts[bin] = (counts[bin] as number) + 1;
    return counts;
  };
  fc.assert(
    fc.property(rows, rows, rows, (reference, first, second) => {
      const both = binned(first).map((count, bin) => count + (binned(second)[bin] as number));
      const index = populationStabilityIndex(binned(reference), both);
      expect(index).toBe(populationStabilityIndex(binned(reference), binned([...first, ...second])));
    }),
  );
});

test("values turning missing move a PSI that counts missing, and hardly one that drops it", () => {
  const reference = [...Array<number>(10).fill(1000), 50];
  const window = [...Array<number>(10).fill(70), 300];
  expect(populationStabilityIndex(reference, window)).toBeGreaterThan(1);
  expect(populationStabilityIndex(reference.slice(0, 10), window.slice(0, 10))).toBeLessThan(1e-6);
});

test("when every row is in one bin there is no evidence of drift", () => {
  expect(chiSquareTest([0, 9], [0, 4])).toEqual({ statistic: 0, degreesOfFreedom: 0, pValue: 1 });
});
