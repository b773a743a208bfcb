import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Manifest } from "../models/manifest.ts";
import { cellCounts } from "../models/profile.ts";
import { createRandom } from "../statistics/random.ts";
import { temporaryFolder } from "../testing/service-process.ts";
import { loadSmallModel } from "../testing/small-model.ts";
import { createAttributionWindow } from "./attribution.ts";
import { createEvaluator } from "./evaluate.ts";
import { isOutside } from "./finding.ts";
import { createJudge } from "./judge.ts";
import { nothingRefused } from "./refusals.ts";
import { createWindow } from "./window.ts";
import { sentenceOf } from "./words.ts";

const folder = temporaryFolder();
let manifest: Manifest;

beforeAll(async () => {
  ({ manifest } = await loadSmallModel(folder.path, 10_000));
}, 60_000);
afterAll(() => folder.remove());

describe("looking at any window", () => {
  const scene = fc.record({
    rows: fc.constantFrom(0, 1, 50, 299, 300, 700),
    limit: fc.constantFrom(100, 300, 600),
    seed: fc.nat(),
    // Every cell alike (all missing, say), or any.
    cell: fc.option(fc.nat(1), { nil: null }),
    probability: fc.option(fc.constantFrom(0, 0.2, 0.5, 1), { nil: null }),
    labels: fc.constantFrom("none", "few", "all", "stayed", "churned"),
  });

  test("gives a figure or NaN with its rows, a verdict and a sentence, and never throws", async () => {
    await fc.assert(
      fc.asyncProperty(scene, async ({ rows, limit, seed, cell, probability, labels }) => {
        const random = createRandom(seed);
        const sizes = cellCounts(manifest.reference);
        const window = createWindow({ limit, cellCounts: sizes });
        for (let i = 0; i < rows; i++) {
          const isLabelled = labels === "few" ? random.uniform() < 0.3 : labels !== "none";
          const churned = labels === "churned" || (labels !== "stayed" && random.uniform() < 0.2);
          window.add({
            seq: i + 1,
            predictedAt: 1000 * i,
            probability: probability ?? random.uniform(),
            cells: Uint8Array.from(sizes, (size) => cell ?? random.integer(size)),
            fingerprint: i,
            label: isLabelled ? { churned, receivedAt: 1000 * i + 500 } : null,
          });
        }
        const attributions = createAttributionWindow(manifest.features.length);
        for (let i = 0; i < rows; i++)
          attributions.add(manifest.features.map(() => (cell === null ? random.normal() : 0)));
        const evaluate = createEvaluator(manifest, random);
        const judge = createJudge([]);
        for (let look = 0; look < 2; look++) {
          const evaluation = await evaluate(
            { window, attributions },
            { now: 1000 * rows + look, refused: nothingRefused },
          );
          for (const judged of judge(evaluation, manifest, look)) {
            const { value, verdict, severity, rows: own } = judged;
            const isUnjudged = verdict === "insufficient" || verdict === "immature";
            expect(own).toBeGreaterThanOrEqual(0);
            if (isUnjudged) expect(value).toBeNaN();
            expect(severity === "ok").toBe(verdict !== "alarm");
            const sentence = sentenceOf({
              ...judged,
              evaluatedAt: 0,
              windowFrom: null,
              windowTo: null,
              modelVersion: manifest.version,
              scenario: "none",
            });
            expect([judged.metric, judged.evidence !== undefined]).toEqual([judged.metric, isOutside(judged)]);
            for (const side of ["reference", "current"] as const) {
              const total = judged.evidence?.bins.reduce((sum, bin) => sum + bin[side], 0) ?? 1;
              // Nobody churned, say: a distribution of nothing.
              if (total !== 0) expect(total).toBeCloseTo(1, 9);
            }
            expect(sentence).toEndWith(".");
            expect(sentence).not.toMatch(/NaN|undefined|null/);
          }
          expect(evaluation.rows).toBe(Math.min(rows, limit));
        }
      }),
      { numRuns: 60 },
    );
  }, 60_000);
});
