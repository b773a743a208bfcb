import { expect, test } from "bun:test";
import fc from "fast-check";
import { expectNear, golden } from "./golden.ts";
import { kolmogorovSmirnov, kolmogorovSmirnovFromBins } from "./kolmogorov-smirnov.ts";
import { wassersteinDistance } from "./wasserstein.ts";

fc.configureGlobal({ seed: 20240229 });

const sample = fc
  .array(fc.integer({ min: -300, max: 300 }), { minLength: 1, maxLength: 50 })
  .map((values) => Float64Array.from(values, (value) => value / 10).sort());

test("distances of samples agree with scipy, ties included", () => {
  for (const { reference, window, kolmogorovSmirnov: ks, wassersteinDistance: moved } of golden.samples) {
    const { statistic, pValue } = kolmogorovSmirnov(reference, window);
    expectNear(statistic, ks[0] as number);
    expectNear(pValue, ks[1] as number);
    if (moved !== null) expectNear(wassersteinDistance(reference, window), moved);
  }
});

test("Kolmogorov–Smirnov from bins equals the one from values when each value has its bin, and never exceeds it", () => {
  fc.assert(
    fc.property(sample, sample, fc.integer({ min: 1, max: 40 }), (a, b, width) => {
      const counts = (values: Float64Array, bin: (value: number) => number) => {
        const bins = new Float64Array(601);
        for (const value of values) bins[bin(value)] = (bins[bin(value)] as number) + 1;
        return bins;
      };
      const single = (value: number) => Math.round(value * 10) + 300;
      const wide = (value: number) => Math.floor(single(value) / width);
      const exact = kolmogorovSmirnov(a, b);
      expectNear(kolmogorovSmirnovFromBins(counts(a, single), counts(b, single)).statistic, exact.statistic, 1e-12);
      expect(kolmogorovSmirnovFromBins(counts(a, wide), counts(b, wide)).statistic).toBeLessThanOrEqual(
        exact.statistic + 1e-12,
      );
    }),
  );
});

test("Wasserstein distance says by how many standard deviations a shifted sample moved, in any unit", () => {
  const spread = sample.filter((values) => values[0] !== values.at(-1));
  fc.assert(
    fc.property(spread, fc.integer({ min: -50, max: 50 }), fc.integer({ min: 1, max: 9 }), (a, shift, scale) => {
      const mean = a.reduce((sum, value) => sum + value, 0) / a.length;
      const deviation = Math.sqrt(a.reduce((sum, value) => sum + (value - mean) ** 2, 0) / a.length);
      expectNear(
        wassersteinDistance(
          a,
          a.map((value) => value + shift),
        ),
        Math.abs(shift) / deviation,
      );
      const scaled = (values: Float64Array) => values.map((value) => value * scale);
      const other = a.map((value) => value + shift);
      expectNear(wassersteinDistance(scaled(a), scaled(other)), wassersteinDistance(a, other));
    }),
  );
});

test("both are 0 on themselves and not negative", () => {
  fc.assert(
    fc.property(sample, sample, (a, b) => {
      expect(kolmogorovSmirnov(a, a)).toEqual({ statistic: 0, pValue: 1 });
      expect(wassersteinDistance(a, a)).toBe(0);
      expect(wassersteinDistance(a, b)).toBeGreaterThanOrEqual(0);
      expect(kolmogorovSmirnov(a, b)).toEqual(kolmogorovSmirnov(b, a));
    }),
  );
});

test("an empty sample or a missing value gives NaN, a constant that moved ∞", () => {
  const values = Float64Array.of(1, 2);
  const withMissing = Float64Array.of(Number.NaN, 1).sort();
  for (const bad of [new Float64Array(), withMissing]) {
    expect(wassersteinDistance(bad, values)).toBeNaN();
    expect(wassersteinDistance(values, bad)).toBeNaN();
    expect(kolmogorovSmirnov(bad, values)).toEqual({ statistic: Number.NaN, pValue: Number.NaN });
    expect(kolmogorovSmirnov(values, bad).pValue).toBeNaN();
  }
  expect(wassersteinDistance([3, 3], [3])).toBe(0);
  expect(wassersteinDistance([3, 3], [4])).toBe(Infinity);
});
