import { calibrationBin, calibrationBins } from "../statistics/probability-scores.ts";

/** The names of the tenths of 0 … 1, as those of other bins. */
export const tenthLabels: readonly string[] = Array.from(
  { length: calibrationBins },
  (_, tenth) => `${tenth / calibrationBins}-${(tenth + 1) / calibrationBins}`,
);

/** Weights that add up by the tenth of 0 … 1 in which their value lies. */
export function createTenths() {
  const sums = new Float64Array(calibrationBins);
  return {
    sums,
    add(value: number, weight = 1): void {
      const tenth = calibrationBin(value);
      sums[tenth] = (sums[tenth] as number) + weight;
    },
  };
}
