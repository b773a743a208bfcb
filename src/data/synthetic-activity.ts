import type { Random } from "../statistics/random.ts";
import { createChoice } from "./choice.ts";
import type { Calibration } from "./synthetic-calibration.ts";

/** Which of the pattern's columns are present, and the number of active days. */
export interface Activity {
  pattern: string;
  /** By column of `patternColumns`: 1 present, 0 missing. */
  present: Uint8Array;
  /** 1–62. */
  regularity: number;
}

/** Patterns of the same standing: by how many columns are present, 2–3 and 4–5 together, with REGION and without. */
const standing = [0, 1, 2, 2, 3, 3, 4, 5, 6];

/**
 * Draws the joint missing pattern, then REGULARITY given the pattern: a normal score with the pattern's mean and deviation,
 * cut where the whole of the customers has the published share of each value.
 */
export function createActivity({ patterns, regularity }: Calibration): (random: Random) => Activity {
  const drawn = Object.keys(patterns).map((pattern) => {
    const present = Uint8Array.from(pattern, Number);
    const group = 2 * (standing[present.reduce((sum, bit) => sum + bit, 0)] as number) + (present[0] as number);
    const shift = regularity.byColumn.reduce((sum, weight, i) => sum + weight * (present[i] as number), 0);
    return {
      pattern,
      present,
      mean: (regularity.mean[group] as number) + shift,
      deviation: regularity.deviation[group] as number,
    };
  });
  const choose = createChoice(Object.values(patterns));
  const cuts = Float64Array.from(regularity.cuts);
  return (random) => {
    const { pattern, present, mean, deviation } = drawn[choose(random)] as (typeof drawn)[number];
    const score = mean + deviation * random.normal();
    let low = 0;
    let high = cuts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (score <= (cuts[middle] as number)) high = middle;
      else low = middle + 1;
    }
    return { pattern, present, regularity: low + 1 };
  };
}
