import type { ReferenceNull, ReferenceProfile } from "../models/profile.ts";
import { populationStabilityIndex } from "../statistics/distance.ts";
import { type NullDistribution, simulateNull } from "../statistics/null-distribution.ts";
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
