import { weigh } from "./choice.ts";
import type { Activity } from "./synthetic-activity.ts";
import type { Calibration, Regression } from "./synthetic-calibration.ts";

/**
 * What the regressions see of a customer while it is drawn, in the order of `features` in calibration.json: an intercept, the
 * present columns, the activity, then the normal scores of the amounts drawn so far (0 when missing).
 */
export function createFeatures({ features, patternColumns, regularity }: Calibration) {
  const values = new Float64Array(features.length);
  const activity = features.indexOf("activity");
  const firstScore = activity + 3;

  return {
    values,
    start({ present, regularity: days }: Activity): void {
      const score = regularity.scores[days - 1] as number;
      values.fill(0, firstScore);
      values[0] = 1;
      let all = 1;
      for (let i = 0; i < patternColumns.length; i++) {
        const bit = present[i] as number;
        values[1 + i] = bit;
        all &= bit;
      }
      values[activity] = score;
      values[activity + 1] = score * score;
      values[activity + 2] = score * all;
    },
    /** A normal score by a regression: its mean and deviation given the features. */
    draw({ weights, logDeviation }: Regression, normal: number): number {
      return weigh(weights, values) + Math.exp(weigh(logDeviation, values)) * normal;
    },
    /** Where a feature stands, to set it with. */
    indexOf(name: string): number {
      const index = features.indexOf(name);
      if (index < 0) throw new Error(`calibration.json has no feature ${name}`);
      return index;
    },
  };
}

export type Features = ReturnType<typeof createFeatures>;
