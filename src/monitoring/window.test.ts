import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createWindow, labelledRows, type WindowRow } from "./window.ts";

const cellCounts = [3, 4];
const rowAt = (seq: number, cells: [number, number], fingerprint: number): WindowRow => ({
  seq,
  predictedAt: seq * 1000,
  probability: seq / 1000,
  cells: Uint8Array.from(cells),
  fingerprint,
  label: null,
});

describe("the window", () => {
  test("is what the last rows are, whatever came before and whenever labels come", () => {
    const row = fc.record({ cells: fc.tuple(fc.nat(2), fc.nat(3)), fingerprint: fc.nat(4), label: fc.nat(3) });
    fc.assert(
      fc.property(fc.array(row, { maxLength: 40 }), fc.integer({ min: 1, max: 12 }), (rows, limit) => {
        const window = createWindow({ limit, cellCounts });
        rows.forEach(({ cells, fingerprint }, i) => void window.add(rowAt(i + 1, cells, fingerprint)));
        rows.forEach(({ label }, i) => {
          if (label < 2) window.label(i + 1, { churned: label === 1, receivedAt: (i + 3) * 1000 });
        });
        const last = rows.slice(-limit);
        const first = rows.length - last.length;
        cellCounts.forEach((size, column) => {
          const expected = new Float64Array(size);
          for (const { cells } of last) {
            const cell = cells[column] as number;
            expected[cell] = (expected[cell] as number) + 1;
          }
          expect(window.counts(column)).toEqual(expected);
        });
        expect([window.rows, window.added]).toEqual([last.length, rows.length]);
        expect(window.duplicates).toBe(last.length - new Set(last.map(({ fingerprint }) => fingerprint)).size);
        expect([window.from, window.to]).toEqual(
          last.length === 0 ? [null, null] : [(first + 1) * 1000, rows.length * 1000],
        );
        const known = last.flatMap(({ label }, i) => (label < 2 ? [[(first + i + 1) / 1000, label]] : []));
        const { probabilities, labels } = labelledRows(window);
        expect(Array.from(probabilities, (p, i) => [p, labels[i] as number]).sort()).toEqual(known.sort());
        expect(window.delays.filter((delay) => !Number.isNaN(delay)).every((delay) => delay === 2)).toBe(true);
        const newest = window.newestCells(Math.min(2, last.length), 1);
        expect([...newest]).toEqual(
          last
            .slice(-2)
            .reverse()
            .slice(0, newest.length)
            .map(({ cells }) => cells[0]),
        );
      }),
    );
  });

  test("takes no label for a row that is not in it", () => {
    const window = createWindow({ limit: 2, cellCounts });
    for (const seq of [1, 2, 3]) window.add(rowAt(seq, [0, 0], seq));
    window.label(1, { churned: true, receivedAt: 0 });
    window.label(9, { churned: true, receivedAt: 0 });
    expect(labelledRows(window).labels).toHaveLength(0);
  });
});
