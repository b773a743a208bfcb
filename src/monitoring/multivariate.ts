import { domainAuc, domainSizes } from "../learner/domain-classifier.ts";
import type { ReferenceProfile } from "../models/profile.ts";
import { nullThreshold } from "../statistics/null-distribution.ts";
import { type Finding, finding, rateWithin, unjudgedFinding } from "./finding.ts";
import { nullOf } from "./thresholds.ts";
import type { Window } from "./window.ts";

const base = { monitor: "multivariate", metric: "domain_auc", feature: null } as const;

/**
 * Drift of all features together: how well trees tell the newest rows of the window from a sample of the reference. It also
 * sees features that each look as before and no longer go together as before. Asked again when half of the rows are new.
 */
export function createMultivariateMonitor({ features, nulls, sample }: ReferenceProfile) {
  const width = features.length;
  const reference = new Uint8Array(Buffer.from(sample.cells, "base64"));
  let last: { finding: Finding; to: number } | null = null;

  return async function multivariateFindings(window: Window): Promise<Finding[]> {
    const size = domainSizes.findLast((candidate) => candidate <= Math.min(window.rows, sample.rows));
    const law = nulls.find(({ statistic, rows }) => statistic === "domain_auc" && rows === size);
    if (!size || !law) return [unjudgedFinding({ ...base, rows: window.rows }, "insufficient")];
    if (last && last.finding.rows === size && window.added - last.to < size / 2) {
      return [{ ...last.finding, isRepeated: true }];
    }
    const rate = rateWithin(1);
    const value = await domainAuc(
      { cells: reference.subarray(0, size * width), width },
      { cells: window.newestCells(size, width), width },
    );
    const found = finding({
      ...base,
      rows: size,
      value,
      thresholdUpper: nullThreshold(nullOf(law), rate),
      chance: rate,
    });
    last = { finding: found, to: window.added };
    return [found];
  };
}
