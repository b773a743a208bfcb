/** The piecewise linear function through the points, flat outside them; `x` ascending. */
export function createInterpolation(x: readonly number[], y: readonly number[]): (at: number) => number {
  const xs = Float64Array.from(x);
  const ys = Float64Array.from(y);
  const last = xs.length - 1;
  return (at) => {
    if (!(at > (xs[0] as number))) return ys[0] as number;
    if (at >= (xs[last] as number)) return ys[last] as number;
    let low = 0;
    let high = last;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if ((xs[middle] as number) <= at) low = middle;
      else high = middle;
    }
    const x0 = xs[low] as number;
    const y0 = ys[low] as number;
    return y0 + (((ys[high] as number) - y0) * (at - x0)) / ((xs[high] as number) - x0);
  };
}

/** Index of the band of a value: how many upper ends lie below it. */
export function bandOf(value: number, upperEnds: readonly number[]): number {
  let band = 0;
  while (band < upperEnds.length && value > (upperEnds[band] as number)) band++;
  return band;
}
