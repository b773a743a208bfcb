/** A feature in bins: `codes[row]` counts the cuts below the value; the code `cuts.length + 1` is missing. */
export interface BinnedFeature {
  /** Ascending float32 upper edges: a value is in bin b when it is ≤ cuts[b] and > cuts[b − 1]; above the last, in the bin after it. */
  cuts: Float32Array;
  codes: Uint8Array;
}

/** Bins of a feature: the intervals and the one for missing. */
export const binCount = ({ cuts }: BinnedFeature): number => cuts.length + 2;
export const missingCode = ({ cuts }: BinnedFeature): number => cuts.length + 1;

// Quantiles of this many values are exact enough to cut 255 bins.
const sampleLimit = 200_000;

/** A cut between two neighbouring values: their middle, unless float32 rounds it up to the higher one. */
function cutBetween(low: number, high: number): number {
  const middle = Math.fround(low + (high - low) / 2);
  return middle < high ? middle : low;
}

/**
 * Cuts that part a column into at most `maxIntervals` intervals of about equal count; every distinct value its own
 * interval when there are no more than that.
 * @param values float32, NaN for missing
 */
export function findCuts(values: Float32Array, maxIntervals: number): Float32Array {
  const step = Math.max(1, Math.floor(values.length / sampleLimit));
  const sample = new Float32Array(Math.ceil(values.length / step));
  let size = 0;
  for (let i = 0; i < values.length; i += step) {
    const value = values[i] as number;
    if (!Number.isNaN(value)) sample[size++] = value;
  }
  const sorted = sample.subarray(0, size).sort();
  const distinct: number[] = [];
  const counts: number[] = [];
  for (let i = 0; i < size; i++) {
    // Adding 0 makes −0 and 0 one value, as comparison does.
    const value = (sorted[i] as number) + 0;
    if (value !== distinct.at(-1)) {
      distinct.push(value);
      counts.push(0);
    }
    counts[counts.length - 1] = (counts.at(-1) as number) + 1;
  }
  const cuts: number[] = [];
  const cutAfter = (i: number) => cuts.push(cutBetween(distinct[i] as number, distinct[i + 1] as number));
  if (distinct.length <= maxIntervals) {
    for (let i = 0; i + 1 < distinct.length; i++) cutAfter(i);
    return Float32Array.from(cuts);
  }
  // The rows left are shared evenly among the intervals left, so a heavy value does not starve those after it.
  let left = size;
  let filled = 0;
  for (let i = 0; i + 1 < distinct.length && cuts.length < maxIntervals - 1; i++) {
    filled += counts[i] as number;
    const share = left / (maxIntervals - cuts.length);
    const isNextHeavy = filled > share / 2 && (counts[i + 1] as number) >= share;
    if (filled < share && !isNextHeavy) continue;
    cutAfter(i);
    left -= filled;
    filled = 0;
  }
  return Float32Array.from(cuts);
}

/** Puts a column into at most `maxBins` bins, the one for missing included. */
export function binFeature(values: Float32Array, maxBins: number): BinnedFeature {
  const cuts = findCuts(values, maxBins - 1);
  const codes = new Uint8Array(values.length);
  const missing = cuts.length + 1;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (Number.isNaN(value)) {
      codes[i] = missing;
      continue;
    }
    let low = 0;
    let high = cuts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (value <= (cuts[middle] as number)) high = middle;
      else low = middle + 1;
    }
    codes[i] = low;
  }
  return { cuts, codes };
}
