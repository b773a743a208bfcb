import type { ReferenceNull, ReferenceProfile } from "../models/profile.ts";
import { populationStabilityIndex, total } from "../statistics/distance.ts";
import {
  exceedanceProbability,
  type NullDistribution,
  nullThreshold,
  psiChance,
  psiThreshold,
  simulateNull,
} from "../statistics/null-distribution.ts";
import type { Random } from "../statistics/random.ts";

const draws = 2000;
/** Thresholds are those of these window sizes; a window takes that of the largest size it reaches. */
const sizes = [300, 500, 1000, 2000, 5000, 10_000, 30_000, 100_000, 300_000, 1_000_000];

/** What PSI does on undisturbed windows of one size. */
export interface Law {
  /** The value that is exceeded with a probability. */
  threshold(rate: number): number;
  /** How often a value is reached. */
  chance(value: number): number;
}

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
  const stored = new Map(
    profile.nulls
      .filter(({ statistic }) => statistic === "psi")
      .map((moments) => [`${moments.feature} ${moments.rows}`, nullOf(moments)]),
  );
  const laws = new Map<string, Law>();

  function makeLaw(key: string, reference: ArrayLike<number>, windowRows: number): Law {
    const referenceRows = total(reference);
    const least = Math.min(...Array.from(reference));
    if (Math.min(least, (least / referenceRows) * windowRows) >= lawfulRows) {
      const sizes = { referenceRows, windowRows, bins: reference.length };
      return {
        threshold: (falseAlarmRate) => psiThreshold({ ...sizes, falseAlarmRate }),
        chance: (value) => psiChance(value, sizes),
      };
    }
    const distribution =
      stored.get(key) ??
      simulateNull({
        referenceCounts: reference,
        windowRows,
        statistic: populationStabilityIndex,
        draws,
        random: random.split(),
      });
    return {
      threshold: (rate) => nullThreshold(distribution, rate),
      chance: (value) => exceedanceProbability(distribution, value),
    };
  }

  /** @param feature its name, null for the score */
  return function lawOf(feature: string | null, reference: ArrayLike<number>, rows: number): Law {
    const size = sizes.findLast((candidate) => candidate <= rows) ?? rows;
    const key = `${feature} ${size}`;
    let law = laws.get(key);
    if (!law) {
      law = remembering(makeLaw(key, reference, size));
      laws.set(key, law);
    }
    return law;
  };
}

/** Asked for the same few rates at every look. */
function remembering({ threshold, chance }: Law): Law {
  const known = new Map<number, number>();
  return {
    chance,
    threshold(rate) {
      const found = known.get(rate) ?? threshold(rate);
      known.set(rate, found);
      return found;
    },
  };
}
