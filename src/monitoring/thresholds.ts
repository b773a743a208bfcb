import type { ReferenceNull, ReferenceProfile } from "../models/profile.ts";
import { populationStabilityIndex, total } from "../statistics/distance.ts";
import { type NullDistribution, nullThreshold, psiThreshold, simulateNull } from "../statistics/null-distribution.ts";
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

/** Rows that every bin must expect for the chi-square law to hold. */
const lawfulRows = 20;

/**
 * PSI thresholds against one reference, earned from its null distribution at the window's size: the chi-square law where all bins
 * are large enough for it, else the simulation that is stored with the model, else a new one (a few milliseconds) that is kept.
 * A simulation of so few draws knows the skewness, on which the far tail hangs, to a tenth only; the law knows it exactly.
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
      const referenceRows = total(reference);
      const least = Math.min(...Array.from(reference));
      if (Math.min(least, (least / referenceRows) * size) >= lawfulRows)
        return psiThreshold({ referenceRows, windowRows: size, bins: reference.length, falseAlarmRate: rate });
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
