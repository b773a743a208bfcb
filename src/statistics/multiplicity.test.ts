import { expect, test } from "bun:test";
import fc from "fast-check";
import { expectNear, golden } from "./golden.ts";
import { benjaminiHochberg, holm, holmLevels } from "./multiplicity.ts";

fc.configureGlobal({ seed: 20240229 });

const family = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 30 });

test("adjusted p-values agree with statsmodels and scipy", () => {
  const { pValues, ...expected } = golden.multiplicity;
  const found = { holm: holm(pValues), benjaminiHochberg: benjaminiHochberg(pValues) };
  for (let test = 0; test < pValues.length; test++) {
    expectNear(found.holm[test] as number, expected.holm[test] as number);
    expectNear(found.benjaminiHochberg[test] as number, expected.benjaminiHochberg[test] as number);
  }
});

test("p ≤ Benjamini–Hochberg ≤ Holm ≤ min(1, p × tests), and the order of the tests is irrelevant", () => {
  fc.assert(
    fc.property(family, (pValues) => {
      const strict = holm(pValues);
      const lenient = benjaminiHochberg(pValues);
      pValues.forEach((p, test) => {
        expect(lenient[test]).toBeGreaterThanOrEqual(p);
        expect(strict[test]).toBeGreaterThanOrEqual((lenient[test] as number) - 1e-15);
        expect(strict[test]).toBeLessThanOrEqual(Math.min(1, p * pValues.length) + 1e-15);
      });
      expect(holm(pValues.toReversed())).toEqual(strict.toReversed());
      expect(benjaminiHochberg(pValues.toReversed())).toEqual(lenient.toReversed());
    }),
  );
});

test("a test that had nothing to judge stays NaN and costs the others nothing", () => {
  for (const adjust of [holm, benjaminiHochberg]) {
    const [first, unknown, second] = adjust([0.01, Number.NaN, 0.5]);
    expect([first, second]).toEqual([...adjust([0.01, 0.5])]);
    expect(unknown).toBeNaN();
    expect(adjust([])).toHaveLength(0);
  }
});

test("a p-value is at or below its level where Holm's adjusted one is at or below that of the family", () => {
  const pValue = fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 0.01, noNaN: true }));
  fc.assert(
    fc.property(fc.array(pValue, { maxLength: 20 }), fc.constantFrom(1e-3, 0.05), (pValues, level) => {
      const adjusted = holm(pValues);
      holmLevels(pValues, level).forEach((own, test) => {
        // Both are the same product, rounded at another place.
        if (Math.abs((adjusted[test] as number) - level) < 1e-12) return;
        expect((pValues[test] as number) <= own).toBe((adjusted[test] as number) <= level);
        expect(own).toBeGreaterThanOrEqual(level / pValues.length);
        expect(own).toBeLessThanOrEqual(level);
      });
    }),
  );
});
