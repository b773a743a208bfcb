import { populationStabilityIndex } from "../statistics/distance.ts";
import { nullThreshold, simulateNull } from "../statistics/null-distribution.ts";
import type { Random } from "../statistics/random.ts";

const draws = 2000;
/** Thresholds are simulated at these window sizes; a window takes that of the largest size it reaches. */
const sizes = [300, 500, 1000, 2000, 5000, 10_000, 30_000, 100_000, 300_000, 1_000_000];

export type PsiThresholds = ReturnType<typeof createPsiThresholds>;

/**
 * PSI thresholds against one reference, earned by simulation at the window's size and kept once computed.
 * A threshold costs a few milliseconds the first time.
 */
export function createPsiThresholds(random: Random) {
  const known = new Map<string, number>();
  return {
    /**
     * The PSI that an undisturbed window of `rows` exceeds with probability `rate`.
     * @param name what tells this reference from others
     */
    get(name: string, reference: ArrayLike<number>, rows: number, rate: number): number {
      const size = sizes.findLast((candidate) => candidate <= rows) ?? rows;
      const key = `${name} ${size} ${rate}`;
      let threshold = known.get(key);
      if (threshold === undefined) {
        const distribution = simulateNull({
          referenceCounts: reference,
          windowRows: size,
          statistic: populationStabilityIndex,
          draws,
          random: random.split(),
        });
        threshold = nullThreshold(distribution, rate);
        known.set(key, threshold);
      }
      return threshold;
    },
  };
}
