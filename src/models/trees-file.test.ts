import { describe, expect, test } from "bun:test";
import { gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import type { BoostedTrees, Tree } from "../learner/model.ts";
import { decodeTrees, encodeTrees } from "./trees-file.ts";

const tree = ([size, threshold, value, cover]: [number, number, number, number]): Tree => ({
  feature: new Int32Array(size).fill(-1),
  threshold: new Float32Array(size).fill(threshold),
  missingLeft: new Uint8Array(size).fill(1),
  left: Int32Array.from({ length: size }, (_, node) => node + 1),
  right: Int32Array.from({ length: size }, (_, node) => node + 2),
  value: new Float32Array(size).fill(value),
  gain: new Float32Array(size).fill(2),
  cover: new Float64Array(size).fill(cover),
});
const single = fc.float({ noNaN: true });
const models = fc
  .record({
    featureNames: fc.array(fc.string(), { maxLength: 4 }),
    baseScore: fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => !Object.is(value, -0)),
    trees: fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), single, single, fc.double({ noNaN: true })), {
      maxLength: 5,
    }),
  })
  .map(({ trees, ...rest }): BoostedTrees => ({ ...rest, trees: trees.map(tree) }));

describe("the file of a model's trees", () => {
  test("holds every model to the last bit, and the same model gives the same bytes", () => {
    fc.assert(
      fc.property(models, (model) => {
        const file = encodeTrees(model);
        expect(decodeTrees(file)).toEqual(model);
        expect(encodeTrees(decodeTrees(file))).toEqual(file);
      }),
      { numRuns: 50 },
    );
  });

  test("of which a part is lost or foreign is refused with a reason", () => {
    const file = encodeTrees({ featureNames: ["a"], baseScore: 0, trees: [tree([3, 1, 1, 1])] });
    const content = JSON.parse(gunzipSync(file).toString());
    const changed = (change: object) => gzipSync(JSON.stringify({ ...content, ...change }));
    for (const [damaged, reason] of [
      [file.subarray(0, file.length / 2), "cannot be read"],
      [new TextEncoder().encode("trees"), "cannot be read"],
      [changed({ cover: "" }), "cover has 0 nodes instead of 3"],
      [changed({ format: 3 }), "format"],
    ] as const) {
      expect(() => decodeTrees(damaged)).toThrow(reason);
    }
  });
});
