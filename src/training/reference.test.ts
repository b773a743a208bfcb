import { expect, test } from "bun:test";
import fc from "fast-check";
import { intervalOf } from "../models/profile.ts";
import { scoreEdges } from "./reference.ts";

test("a probability that many customers share stays in its bin when it is served in single precision", () => {
  const probability = fc.double({ min: 1e-3, max: 1, noNaN: true });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(probability, fc.integer({ min: 50, max: 400 })), { minLength: 2, maxLength: 12 }),
      (shared) => {
        // Distinct by more than single precision, as the leaves of trees are.
        const distinct = [...new Map(shared.map(([value, rows]) => [value.toFixed(4), rows]))];
        const sorted = Float64Array.from(
          distinct.flatMap(([value, rows]) => new Array<number>(rows).fill(Number(value) + 3e-10)),
        ).sort();
        const edges = scoreEdges(sorted, 10);
        for (const [value] of distinct) {
          const exact = intervalOf(edges, Number(value) + 3e-10);
          for (const served of [-1e-7, -1e-8, 0, 1e-8, 1e-7])
            expect(intervalOf(edges, Math.fround(Number(value) + served))).toBe(exact);
        }
        expect(edges).toEqual(edges.toSorted((a, b) => a - b));
      },
    ),
  );
});
