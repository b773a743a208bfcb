import type { ReferenceNull, ReferenceProfile } from "../models/profile.ts";
import { populationStabilityIndex } from "../statistics/distance.ts";
import { type NullDistribution, nullFromDraws, simulateNull } from "../statistics/null-distribution.ts";
import { expectedCalibrationError } from "../statistics/probability-scores.ts";
import type { Random } from "../statistics/random.ts";

/** Window sizes whose null distributions are kept with the model; the monitors simulate any other when they meet it. */
const sizes = [300, 500, 1000, 2000, 5000, 10_000];
const draws = 2000;

const moments = ({ mean, standardDeviation, skewness }: NullDistribution) => ({ mean, standardDeviation, skewness });

/** What PSI does by chance, for every feature and the score, at the usual sizes of a window. */
export function psiNulls({ features, score }: Pick<ReferenceProfile, "features" | "score">, random: Random) {
  const counted = [...features, { name: null, counts: score.counts }];
  return counted.flatMap(({ name, counts }) =>
    sizes.map((rows): ReferenceNull => {
      const simulated = simulateNull({
        referenceCounts: counts,
        windowRows: rows,
        statistic: populationStabilityIndex,
        draws,
        random: random.split(),
      });
      return { statistic: "psi", feature: name, rows, ...moments(simulated) };
    }),
  );
}

/** Labelled rows of the windows from which is known what a metric does by chance. */
export const labelledSizes = [200, 500, 1000, 2000, 5000, 10_000];
const bootstrapDraws = 400;

/**
 * What the calibration error does by chance: windows drawn from the holdout with replacement. It has no simple law, since the
 * error of a finite sample is never 0 and that of a model not quite.
 */
export function calibrationNulls(probabilities: Float64Array, labels: Uint8Array, random: Random): ReferenceNull[] {
  return labelledSizes.map((rows) => {
    const values = new Float64Array(bootstrapDraws);
    let draw = 0;
    for (const window of drawWindows(probabilities, labels, { rows, count: bootstrapDraws, random }))
      values[draw++] = expectedCalibrationError(window.probabilities, window.labels);
    return { statistic: "calibration_error", feature: null, rows, ...moments(nullFromDraws(values)) };
  });
}

/** Windows of labelled rows, drawn with replacement: one object, used again for each. */
export function* drawWindows(
  probabilities: Float64Array,
  labels: Uint8Array,
  { rows, count, random }: { rows: number; count: number; random: Random },
): Generator<{ probabilities: Float64Array; labels: Uint8Array }> {
  const window = { probabilities: new Float64Array(rows), labels: new Uint8Array(rows) };
  for (let drawn = 0; drawn < count; drawn++) {
    for (let row = 0; row < rows; row++) {
      const chosen = random.integer(labels.length);
      window.probabilities[row] = probabilities[chosen] as number;
      window.labels[row] = labels[chosen] as number;
    }
    yield window;
  }
}
