import { domainAuc, domainSizes } from "../learner/domain-classifier.ts";
import type { ReferenceNull } from "../models/profile.ts";
import { nullFromDraws } from "../statistics/null-distribution.ts";
import type { Random } from "../statistics/random.ts";
import { drawWithoutReplacement } from "../statistics/sampling.ts";

const draws = 60;

/**
 * What the domain classifier's AUC does by chance: other rows of the reference, drawn as windows and set against the sample
 * that windows are later set against, at every size of {@link domainSizes} that there are rows enough for.
 * @param sample, others row-major cells of `width` columns, no row in both
 */
export async function domainNulls(options: {
  sample: Uint8Array;
  others: Uint8Array;
  width: number;
  random: Random;
}): Promise<ReferenceNull[]> {
  const { sample, others, width, random } = options;
  const nulls: ReferenceNull[] = [];
  for (const rows of domainSizes) {
    // Each fit takes shared memory of its own, whose size the runtime does not see.
    Bun.gc(true);
    if (Math.min(sample.length, others.length) / width < rows) continue;
    const values = new Float64Array(draws);
    for (let draw = 0; draw < draws; draw++) {
      values[draw] = await domainAuc(
        { cells: drawRows(sample, width, rows, random), width },
        { cells: drawRows(others, width, rows, random), width },
      );
    }
    const { mean, standardDeviation, skewness } = nullFromDraws(values);
    nulls.push({ statistic: "domain_auc", feature: null, rows, mean, standardDeviation, skewness });
  }
  return nulls;
}

/** `count` rows of a row-major matrix (all when it has fewer), drawn without replacement, in random order. */
export function drawRows(cells: Uint8Array, width: number, count: number, random: Random): Uint8Array {
  const rows = cells.length / width;
  const drawn = drawWithoutReplacement(rows, Math.min(count, rows), random);
  const chosen = new Uint8Array(drawn.length * width);
  drawn.forEach((row, i) => void chosen.set(cells.subarray(row * width, (row + 1) * width), i * width));
  return chosen;
}
