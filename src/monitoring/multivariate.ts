import { type DomainScores, domainAucOf, domainScores, domainSizes } from "../learner/domain-classifier.ts";
import type { ReferenceProfile } from "../models/profile.ts";
import { nullThreshold } from "../statistics/null-distribution.ts";
import { sharesOf } from "./distributions.ts";
import { type Evidence, type Finding, finding, rateWithin, unjudgedFinding, withEvidence } from "./finding.ts";
import { createTenths, tenthLabels } from "./tenths.ts";
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
    const told = await domainScores(
      { cells: reference.subarray(0, size * width), width },
      { cells: window.newestCells(size, width), width },
    );
    const found = withEvidence(
      finding({
        ...base,
        rows: size,
        value: domainAucOf(told),
        thresholdUpper: nullThreshold(nullOf(law), rate),
        chance: rate,
      }),
      () => scoreEvidence(told),
    );
    last = { finding: found, to: window.added };
    return [found];
  };
}

function scoreEvidence({ scores, labels }: DomainScores): Evidence {
  const [reference, current] = [createTenths(), createTenths()];
  scores.forEach((logOdds, row) => {
    (labels[row] === 1 ? current : reference).add(1 / (1 + Math.exp(-logOdds)));
  });
  return {
    about: "predictions by how probable trees find it that they are of the window, beside those of the reference",
    bins: sharesOf(tenthLabels, reference.sums, current.sums),
  };
}
