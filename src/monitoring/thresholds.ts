import type { ReferenceNull, ReferenceProfile } from "../models/profile.ts";
import { populationStabilityIndex } from "../statistics/distance.ts";
import { type NullDistribution, nullThreshold, simulateNull } from "../statistics/null-distribution.ts";
import type { Random } from "../statistics/random.ts";

const draws = 2000;
/** Thresholds are those of these window sizes; a window takes that of the largest size it reaches. */
const sizes = [300, 500, 1000, 2000, 5000, 10_000, 30_000, 100_000, 300_000, 1_000_000];

export type PsiThresholds = ReturnType<typeof createPsiThresholds>;

/** A null distribution as the manifest keeps it: its moments, from which the far tail follows. */
export const nullOf = ({ mean, standardDeviation, skewness }: ReferenceNull): NullDistribution => ({
  draws: new Float64Array(),
  mean,
  standardDeviation,
  skewness,
});

/**
 * PSI thresholds against one reference, earned from its null distribution at the window's size: the one stored with the
 * model where there is one, else simulated (a few milliseconds) and kept.
 */
export function createPsiThresholds(profile: Pick<ReferenceProfile, "nulls">, random: Random) {
  const known = new Map<string, NullDistribution>();
  for (const stored of profile.nulls) {
    if (stored.statistic === "psi") known.set(`${stored.feature} ${stored.rows}`, nullOf(stored));
  }
  return {
    /**
     * The PSI that an undisturbed window of `rows` exceeds with probability `rate`.
     * @param feature its name, null for the score
     */
    get(feature: string | null, reference: ArrayLike<number>, rows: number, rate: number): number {
      const size = sizes.findLast((candidate) => candidate <= rows) ?? rows;
      const key = `${feature} ${size}`;
      let distribution = known.get(key);
      if (distribution === undefined) {
        distribution = simulateNull({
          referenceCounts: reference,
          windowRows: size,
          statistic: populationStabilityIndex,
          draws,
          random: random.split(),
        });
        known.set(key, distribution);
      }
      return nullThreshold(distribution, rate);
    },
  };
}
