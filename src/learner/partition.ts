/**
 * Orders one chunk of a leaf's rows, each side in its order: those going left are moved to the chunk's beginning, those going
 * right are left in `scratch` at the chunk's place. No branch, so that a mixed leaf costs no mispredictions.
 * @param goesLeft by code: 1 left, 0 right
 * @returns how many went left
 */
export function partitionChunk(
  rows: Int32Array,
  start: number,
  end: number,
  codes: Uint8Array,
  goesLeft: Uint8Array,
  scratch: Int32Array,
): number {
  let left = start;
  let right = start;
  for (let i = start; i < end; i++) {
    const row = rows[i] as number;
    const isLeft = goesLeft[codes[row] as number] as number;
    rows[left] = row;
    scratch[right] = row;
    left += isLeft;
    right += 1 - isLeft;
  }
  return left - start;
}

/** Brings the chunks of a leaf together: first all that went left, then all that went right. @returns where the right side begins */
export function joinChunks(
  rows: Int32Array,
  start: number,
  end: number,
  chunkRows: number,
  leftCounts: Int32Array,
  scratch: Int32Array,
): number {
  let middle = start;
  for (let chunk = 0, from = start; from < end; chunk++, from += chunkRows) {
    const count = leftCounts[chunk] as number;
    if (middle !== from) rows.copyWithin(middle, from, from + count);
    middle += count;
  }
  let place = middle;
  for (let chunk = 0, from = start; from < end; chunk++, from += chunkRows) {
    const count = Math.min(chunkRows, end - from) - (leftCounts[chunk] as number);
    rows.set(scratch.subarray(from, from + count), place);
    place += count;
  }
  return middle;
}
