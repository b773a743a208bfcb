import { expect, test } from "bun:test";
import fc from "fast-check";
import { groupedAveragePrecision, groupedRocAuc } from "./grouped-ranking.ts";
import { averagePrecision, rankScores, rocAuc } from "./ranking.ts";

test("one group for each score gives the exact ranking metrics", () => {
  const group = fc.record({ positives: fc.nat(4), negatives: fc.nat(4) });
  fc.assert(
    fc.property(fc.array(group, { minLength: 1, maxLength: 12 }), (groups) => {
      const scores: number[] = [];
      const labels: number[] = [];
      groups.forEach(({ positives, negatives }, g) => {
        for (let i = 0; i < positives + negatives; i++) {
          scores.push(g);
          labels.push(i < positives ? 1 : 0);
        }
      });
      const ranked = rankScores(Float64Array.from(scores), Uint8Array.from(labels));
      const grouped = {
        positives: groups.map(({ positives }) => positives),
        negatives: groups.map(({ negatives }) => negatives),
      };
      for (const [found, exact] of [
        [groupedRocAuc(grouped), rocAuc(ranked)],
        [groupedAveragePrecision(grouped), averagePrecision(ranked)],
      ] as const) {
        if (Number.isNaN(exact)) expect(found).toBeNaN();
        else expect(found).toBeCloseTo(exact, 12);
      }
    }),
  );
});
