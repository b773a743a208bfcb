import { expect, test } from "bun:test";
import fc from "fast-check";
import { rangeOf } from "./chart.ts";

test("an axis has room above its highest value, also when all values are the same", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 1e-3, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (high, ratio) => {
        for (const least of [0, null]) {
          const [bottom, top] = rangeOf(high * ratio, high, least);
          expect(bottom).toBeLessThanOrEqual(high * ratio);
          expect(top - high).toBeGreaterThanOrEqual(0.04 * (top - bottom));
        }
      },
    ),
  );
  expect(rangeOf(0.22, 0.22, 0)).toEqual([0, 0.2376]);
});
