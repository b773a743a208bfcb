/**
 * Gradients and hessians are whole numbers of quanta, a row's pair packed into one float64 as gradient · 2^26 + hessian.
 * Sums of whole numbers are exact, hence the same in any order and for any number of threads. With |gradient| ≤ 1 and
 * hessian ≤ 1/4 in units of the scale, a block of 4096 packed rows stays below 2^53.
 */
export const largestQuanta = 2 ** 15 - 1;
const shift = 2 ** 26;
const blockRows = 4096;

/** @param gradient |gradient| ≤ largestQuanta; @param hessian 0 to largestQuanta / 4; both whole */
export const pack = (gradient: number, hessian: number): number => gradient * shift + hessian;

/** Gradient and hessian by bin, interleaved, 256 bins for a feature. */
export const histogramStride = 512;

/** Packed sums of the current block; moved into the histogram before they can overflow. */
const block = new Float64Array(512);

function flush(start: number, histogram: Float64Array, offset: number, bins: number): void {
  for (let bin = 0; bin < bins; bin++) {
    const sum = block[start + bin] as number;
    if (sum === 0) continue;
    block[start + bin] = 0;
    const gradient = Math.floor(sum / shift);
    const at = offset + 2 * bin;
    histogram[at] = (histogram[at] as number) + gradient;
    histogram[at + 1] = (histogram[at + 1] as number) + (sum - gradient * shift);
  }
}

/** One feature of a histogram: where its bins begin, how many it has, and the codes of all rows. */
export interface Slot {
  codes: Uint8Array;
  offset: number;
  bins: number;
}

/**
 * Sums the packed gradients of `rows[start … end − 1]` by bin into the histogram, one or two features in a pass: two share
 * the reading of rows and gradients.
 * @param rows null when all rows are meant, in their own order
 * @param packed gradients in the order of `rows`, from place 0; of row r at place r when `rows` is null
 */
export function fillHistogram(
  histogram: Float64Array,
  one: Slot,
  two: Slot | null,
  rows: Int32Array | null,
  start: number,
  end: number,
  packed: Float64Array,
): void {
  histogram.fill(0, one.offset, one.offset + 2 * one.bins);
  if (two) histogram.fill(0, two.offset, two.offset + 2 * two.bins);
  for (let from = start; from < end; from += blockRows) {
    const to = Math.min(end, from + blockRows);
    if (rows === null) addAll(one.codes, two?.codes ?? one.codes, from, to, packed);
    else addTwo(one.codes, two?.codes ?? one.codes, rows, from, to, packed, start);
    flush(0, histogram, one.offset, one.bins);
    if (two) flush(256, histogram, two.offset, two.bins);
    else block.fill(0, 256);
  }
}

function addTwo(
  one: Uint8Array,
  two: Uint8Array,
  rows: Int32Array,
  from: number,
  to: number,
  packed: Float64Array,
  start: number,
): void {
  for (let i = from; i < to; i++) {
    const row = rows[i] as number;
    const value = packed[i - start] as number;
    const a = one[row] as number;
    const b = 256 + (two[row] as number);
    block[a] = (block[a] as number) + value;
    block[b] = (block[b] as number) + value;
  }
}

function addAll(one: Uint8Array, two: Uint8Array, from: number, to: number, packed: Float64Array): void {
  for (let row = from; row < to; row++) {
    const value = packed[row] as number;
    const a = one[row] as number;
    const b = 256 + (two[row] as number);
    block[a] = (block[a] as number) + value;
    block[b] = (block[b] as number) + value;
  }
}

/** The histogram of a sibling: that of the parent less that of the child, written over the parent's. */
export function subtractHistogram(
  histogram: Float64Array,
  parentOffset: number,
  childOffset: number,
  bins: number,
): void {
  for (let i = 0; i < 2 * bins; i++) {
    const at = parentOffset + i;
    histogram[at] = (histogram[at] as number) - (histogram[childOffset + i] as number);
  }
}
