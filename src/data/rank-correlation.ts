/** The value at a level, 0 … 1, of ascending values: linear between neighbours (type 7 of Hyndman & Fan, 1996). */
export function quantileOf(sorted: Float64Array, level: number): number {
  const position = level * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below] as number;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] as number;
  return low + (position - below) * (high - low);
}

/** Ranks from 0; equal values share their mean rank. */
function ranksOf(values: Float64Array): Float64Array {
  const sorted = values.slice().sort();
  const middle = new Map<number, number>();
  for (let start = 0; start < sorted.length; ) {
    let end = start;
    while (end < sorted.length && sorted[end] === sorted[start]) end++;
    middle.set(sorted[start] as number, (start + end - 1) / 2);
    start = end;
  }
  return values.map((value) => middle.get(value) as number);
}

/** Spearman's rank correlation, −1 … 1, over the rows where neither is NaN; ties share their mean rank; and how many such rows. */
export function rankCorrelation(one: Float64Array, other: Float64Array): { correlation: number; rows: number } {
  const known = (value: number, row: number) => !Number.isNaN(value) && !Number.isNaN(other[row] as number);
  const x = ranksOf(one.filter(known));
  const y = ranksOf(other.filter((value, row) => !Number.isNaN(value) && !Number.isNaN(one[row] as number)));
  const middle = (x.length - 1) / 2;
  let [xy, xx, yy] = [0, 0, 0];
  for (let row = 0; row < x.length; row++) {
    const [a, b] = [(x[row] as number) - middle, (y[row] as number) - middle];
    xy += a * b;
    xx += a * a;
    yy += b * b;
  }
  return { correlation: xy / Math.sqrt(xx * yy), rows: x.length };
}
