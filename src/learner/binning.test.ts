import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createRandom } from "../statistics/random.ts";
import { codeValues, findCuts } from "./binning.ts";

const column = (...values: number[]): Float32Array => Float32Array.from(values);

function bin(values: Float32Array, limit = 255) {
  const cuts = findCuts(values, limit);
  const codes = new Uint8Array(values.length);
  return { cuts, codes, ...codeValues(values, cuts, codes) };
}

describe("binning", () => {
  test("gives every integer its own bin, cut half way", () => {
    const { cuts, codes } = bin(column(3, 1, 2, 2, 1, 3));
    expect([...cuts]).toEqual([1.5, 2.5]);
    expect([...codes]).toEqual([2, 0, 1, 1, 0, 2]);
  });

  test("gives 255 distinct values their own bins", () => {
    const { cuts, codes } = bin(Float32Array.from({ length: 510 }, (_, i) => i >> 1));
    expect(cuts.length).toBe(254);
    expect([...codes]).toEqual(Array.from({ length: 510 }, (_, i) => i >> 1));
  });

  // Half way between the second and the third lies nothing; rounded to even, it is the third.
  test.each([
    [1, 1 + 2 ** -23],
    [1 + 2 ** -23, 1 + 2 ** -22],
    [-2 * 2 ** -149, 2 ** -149],
    [-(2 ** -149), 0],
  ])("parts the float32 neighbours %d and %d", (low, high) => {
    const { cuts, codes } = bin(column(low, high));
    expect([...codes]).toEqual([0, 1]);
    expect(low <= (cuts[0] as number) && high > (cuts[0] as number)).toBe(true);
    const zero = new Uint8Array(1);
    codeValues(column(0), cuts, zero);
    expect(zero[0]).toBe(0 <= (cuts[0] as number) ? 0 : 1);
  });

  test("keeps within its bins for more values than bins, each bin about as full", () => {
    const random = createRandom(1);
    const values = Float32Array.from({ length: 50_000 }, () => Math.exp(2 * random.normal()));
    const { cuts, codes } = bin(values, 63);
    const counts = new Array<number>(64).fill(0);
    for (const code of codes) counts[code] = (counts[code] as number) + 1;
    expect(cuts.length).toBe(62);
    expect(Math.max(...counts)).toBeLessThan(2 * (50_000 / 63));
  });

  test("isolates a value that half of the rows have", () => {
    const random = createRandom(2);
    const values = Float32Array.from({ length: 10_000 }, (_, i) => (i % 2 === 0 ? 5 : 10 * random.uniform()));
    const { cuts } = bin(values, 31);
    expect(cuts.some((cut) => cut < 5 && cut > 4.5)).toBe(true);
    expect(cuts.some((cut) => cut >= 5 && cut < 5.5)).toBe(true);
  });

  test("is not fooled by a file in which every third row has a value", () => {
    const values = Float32Array.from({ length: 300_000 }, (_, row) => (row % 3 === 1 ? row % 7 : Number.NaN));
    expect([...bin(values).cuts]).toEqual([0.5, 1.5, 2.5, 3.5, 4.5, 5.5]);
  });

  test.each([
    ["all missing", column(Number.NaN, Number.NaN), 2],
    ["constant", column(4, 4, 4), 0],
    ["zero and minus zero", column(0, -0), 0],
  ])("makes no cut when %s", (_, values, missing) => {
    const binned = bin(values);
    expect([binned.cuts.length, binned.missing]).toEqual([0, missing]);
  });

  test("gives missing a code of its own, and names the first infinite value", () => {
    const { cuts, codes, missing, infiniteRow } = bin(column(1, Number.NaN, 2, Number.POSITIVE_INFINITY));
    expect(codes[1]).toBe(cuts.length + 1);
    expect([missing, infiniteRow]).toEqual([2, 3]);
    expect(bin(column(1, Number.NaN)).infiniteRow).toBe(-1);
  });

  test("codes every value by the number of cuts below it, as `value <= cut` in serving does", () => {
    const cell = fc.oneof(
      fc.float({ noNaN: true, noDefaultInfinity: true }),
      fc.integer({ min: -3, max: 3 }),
      fc.constant(Number.NaN),
    );
    fc.assert(
      fc.property(fc.array(cell, { minLength: 1, maxLength: 60 }), fc.integer({ min: 2, max: 255 }), (cells, limit) => {
        const values = Float32Array.from(cells);
        const { cuts, codes } = bin(values, limit);
        expect(cuts.length).toBeLessThan(limit);
        // Values on a cut and beside it, too.
        const all = Float32Array.from([...values, ...cuts]);
        const allCodes = new Uint8Array(all.length);
        codeValues(all, cuts, allCodes);
        expect(allCodes.subarray(0, codes.length)).toEqual(codes);
        all.forEach((value, i) => {
          const below = cuts.filter((cut) => !(value <= cut)).length;
          expect(allCodes[i]).toBe(Number.isNaN(value) ? cuts.length + 1 : below);
        });
        // So many that they are searched for with a guide.
        const many = Float32Array.from({ length: 2 ** 16 }, (_, i) => all[i % all.length] as number);
        const manyCodes = new Uint8Array(many.length);
        codeValues(many, cuts, manyCodes);
        expect(manyCodes.every((code, i) => code === allCodes[i % all.length])).toBe(true);
      }),
    );
  });
});
