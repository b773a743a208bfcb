import { type BinnedFeature, binCount } from "./binning.ts";

/**
 * Gradients and hessians are whole numbers of this unit, so their sums are exact in float64 and do not depend on the order
 * of summation: |sum| ≤ rows · 2^20 < 2^53 up to 2^33 rows.
 */
export const gradientScale = 2 ** 20;

/** Where each feature's bins begin in a histogram; the last entry is the size. */
export function binOffsets(features: readonly BinnedFeature[]): Int32Array {
  const offsets = new Int32Array(features.length + 1);
  features.forEach((feature, f) => {
    offsets[f + 1] = (offsets[f] as number) + binCount(feature);
  });
  return offsets;
}

/** Sums of gradient and hessian by bin, interleaved. */
export type Histogram = Float64Array;

/**
 * Fills the histogram of one leaf: for every feature in use and every row of the leaf, the row's gradient and hessian are
 * added to the row's bin. `gradients` and `hessians` are by row of the data set.
 */
export function fillHistogram(
  histogram: Histogram,
  features: readonly BinnedFeature[],
  used: readonly number[],
  offsets: Int32Array,
  rows: Uint32Array,
  gradients: Int32Array,
  hessians: Int32Array,
  ordered: { gradients: Int32Array; hessians: Int32Array },
): void {
  histogram.fill(0);
  const count = rows.length;
  // Read once in the order of the leaf: the columns are then the only scattered access.
  for (let i = 0; i < count; i++) {
    const row = rows[i] as number;
    ordered.gradients[i] = gradients[row] as number;
    ordered.hessians[i] = hessians[row] as number;
  }
  for (const f of used)
    addFeature(histogram, (features[f] as BinnedFeature).codes, 2 * (offsets[f] as number), rows, ordered);
}

function addFeature(
  histogram: Histogram,
  codes: Uint8Array,
  offset: number,
  rows: Uint32Array,
  { gradients, hessians }: { gradients: Int32Array; hessians: Int32Array },
): void {
  for (let i = 0; i < rows.length; i++) {
    const bin = offset + 2 * (codes[rows[i] as number] as number);
    histogram[bin] = (histogram[bin] as number) + (gradients[i] as number);
    histogram[bin + 1] = (histogram[bin + 1] as number) + (hessians[i] as number);
  }
}

/** The histogram of a sibling: that of the parent less that of the child, written over the parent's. */
export function subtractHistogram(parent: Histogram, child: Histogram): void {
  for (let i = 0; i < parent.length; i++) parent[i] = (parent[i] as number) - (child[i] as number);
}
