import { describe, expect, test } from "bun:test";
import { createRandom } from "../statistics/random.ts";
import { fillHistogram, histogramStride, largestQuanta, pack, subtractHistogram } from "./histogram.ts";

const rowCount = 20_000;
const random = createRandom(8);
const draw = (bins: number) => Uint8Array.from({ length: rowCount }, () => random.integer(bins));
// The second feature has all rows in one bin, which is where a sum could overflow.
const codes = [draw(256), new Uint8Array(rowCount).fill(1)] as const;
const slots = [
  { codes: codes[0], offset: 0, bins: 256 },
  { codes: codes[1], offset: histogramStride, bins: 3 },
] as const;
const allRows = Int32Array.from({ length: rowCount }, (_, row) => row);

function sumPlainly(gradients: number[], hessians: number[], rows: Int32Array): Float64Array<ArrayBuffer> {
  const sums = new Float64Array(2 * histogramStride);
  for (const row of rows) {
    for (const { codes, offset } of slots) {
      const at = offset + 2 * (codes[row] as number);
      sums[at] = (sums[at] as number) + (gradients[row] as number);
      sums[at + 1] = (sums[at + 1] as number) + (hessians[row] as number);
    }
  }
  return sums;
}

describe("a histogram", () => {
  test.each<[string, () => number, () => number]>([
    ["random", () => random.integer(2 * largestQuanta + 1) - largestQuanta, () => random.integer(8192)],
    ["all the largest that there are", () => largestQuanta, () => 8191],
    ["all the most negative", () => -largestQuanta, () => 8191],
    ["without hessian", () => -1, () => 0],
  ])("sums gradients exactly when they are %s", (_, drawGradient, drawHessian) => {
    const gradients = Array.from(allRows, drawGradient);
    const hessians = Array.from(allRows, drawHessian);
    const packed = Float64Array.from(allRows, (row) => pack(gradients[row] as number, hessians[row] as number));
    const all = new Float64Array(2 * histogramStride).fill(7, 0, 512 + 6);
    fillHistogram(all, slots[0], slots[1], null, 0, rowCount, packed);
    expect(all).toEqual(sumPlainly(gradients, hessians, allRows));

    const some = allRows.filter((row) => row % 3 === 0);
    const ordered = Float64Array.from(some, (row) => packed[row] as number);
    const part = new Float64Array(2 * histogramStride);
    // One feature at a time here, both in a pass above.
    fillHistogram(part, slots[0], null, some, 0, some.length, ordered);
    fillHistogram(part, slots[1], null, some, 0, some.length, ordered);
    expect(part).toEqual(sumPlainly(gradients, hessians, some));

    const both = Float64Array.from([...all, ...part]);
    for (const { offset, bins } of slots) subtractHistogram(both, offset, 2 * histogramStride + offset, bins);
    const others = allRows.filter((row) => row % 3 !== 0);
    expect(both.subarray(0, 2 * histogramStride)).toEqual(sumPlainly(gradients, hessians, others));
  });
});
