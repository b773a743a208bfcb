// Quantiles of this many values are exact enough to cut 255 bins.
const sampleLimit = 100_000;

/** A cut between two neighbouring values: their middle, unless float32 rounds it up to the higher one. */
function cutBetween(low: number, high: number): number {
  // Adding 0 makes −0, to which a tiny negative number is rounded, a 0.
  const middle = Math.fround(low + (high - low) / 2) + 0;
  return middle < high ? middle : low;
}

/** Values that are not missing, ascending; of many, one of every few rows, its place in them varying. */
function sampleSorted(values: Float32Array): Float32Array {
  const step = Math.max(1, Math.floor(values.length / sampleLimit));
  const sample = new Float32Array(Math.ceil(values.length / step));
  let size = 0;
  let state = 1;
  for (let start = 0; start < values.length; start += step) {
    // A fixed place would see only some of the rows of a file with a rhythm.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    const row = start + (step === 1 ? 0 : (state >>> 16) % Math.min(step, values.length - start));
    const value = values[row] as number;
    // Adding 0 makes −0 and 0 one value, as comparison does.
    if (!Number.isNaN(value)) sample[size++] = value + 0;
  }
  return sample.subarray(0, size).sort();
}

/**
 * Cuts that part a column into at most `limit` intervals of about equal count; every distinct value its own
 * interval when there are no more than that. Weights do not matter here, as in LightGBM.
 * @param values float32, NaN for missing
 * @returns ascending float32 upper edges: a value is in interval b when it is ≤ cuts[b] and > cuts[b − 1]; above the last
 *   cut, in the interval after it
 */
export function findCuts(values: Float32Array, limit: number): Float32Array {
  const sorted = sampleSorted(values);
  // The distinct values replace the sorted ones, which they can never overtake.
  const distinct = sorted;
  const counts = new Int32Array(sorted.length);
  let size = 0;
  for (let i = 0; i < sorted.length; i++) {
    const value = sorted[i] as number;
    if (size === 0 || value !== distinct[size - 1]) distinct[size++] = value;
    counts[size - 1] = (counts[size - 1] as number) + 1;
  }
  const cuts: number[] = [];
  const cutAfter = (i: number) => cuts.push(cutBetween(distinct[i] as number, distinct[i + 1] as number));
  if (size <= limit) {
    for (let i = 0; i + 1 < size; i++) cutAfter(i);
    return Float32Array.from(cuts);
  }
  // The rows left are shared evenly among the intervals left, so a heavy value does not starve those after it.
  let left = sorted.length;
  let filled = 0;
  for (let i = 0; i + 1 < size && cuts.length < limit - 1; i++) {
    filled += counts[i] as number;
    const share = left / (limit - cuts.length);
    const isNextHeavy = filled > share / 2 && (counts[i + 1] as number) >= share;
    if (filled < share && !isNextHeavy) continue;
    cutAfter(i);
    left -= filled;
    filled = 0;
  }
  return Float32Array.from(cuts);
}

export interface Coding {
  /** Rows without a value. */
  missing: number;
  /** The first row whose value is infinite, −1 without one. */
  infiniteRow: number;
}

const keys = 2 ** 16;

/** The upper half of a float32's bits as a number that grows with the value. */
const keyOf = (bits: number): number => (bits < 0 ? ~(bits >> 16) & 0xffff : (bits >> 16) | 0x8000);

/** How many cuts lie below all values with a key, for every key and one more: where the search for a value begins and ends. */
function guideTo(cuts: Float32Array): Uint8Array {
  const bits = new Int32Array(Float32Array.from(cuts).buffer);
  const guide = new Uint8Array(keys + 1);
  let below = 0;
  for (let key = 0; key <= keys; key++) {
    while (below < cuts.length && keyOf(bits[below] as number) < key) below++;
    guide[key] = below;
  }
  return guide;
}

/** Writes the code of every value: the number of cuts below it, or `cuts.length + 1` for missing. */
export function codeValues(values: Float32Array, cuts: Float32Array, codes: Uint8Array): Coding {
  const bits = new Int32Array(values.buffer, values.byteOffset, values.length);
  // Making the guide costs as much as searching for so many values.
  const guide = values.length < keys ? null : guideTo(cuts);
  const missingCode = cuts.length + 1;
  let missing = 0;
  let infiniteRow = -1;
  for (let row = 0; row < values.length; row++) {
    const value = values[row] as number;
    if (value - value !== 0) {
      if (!Number.isNaN(value) && infiniteRow < 0) infiniteRow = row;
      codes[row] = missingCode;
      missing++;
      continue;
    }
    const key = keyOf(bits[row] as number);
    let low = guide ? (guide[key] as number) : 0;
    let high = guide ? (guide[key + 1] as number) : cuts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((cuts[middle] as number) < value) low = middle + 1;
      else high = middle;
    }
    codes[row] = low;
  }
  return { missing, infiniteRow };
}
