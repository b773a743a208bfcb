/** Rows by group of about equal scores, groups in ascending order of score; counts need not be whole. */
export interface GroupedScores {
  positives: ArrayLike<number>;
  negatives: ArrayLike<number>;
}

/**
 * Area under the ROC curve of rows that are known by group only: rows of one group count as tied. Groups that are narrow beside
 * the spread of the scores lose next to nothing; sums of counts can be added up where scores cannot.
 *
 * Range: 0 … 1; NaN without positives or without negatives.
 * Source: sklearn.metrics.roc_auc_score with one score a group.
 */
export function groupedRocAuc({ positives, negatives }: GroupedScores): number {
  let below = 0;
  let pairs = 0;
  let allPositives = 0;
  for (let group = 0; group < positives.length; group++) {
    const here = negatives[group] as number;
    pairs += (positives[group] as number) * (below + here / 2);
    below += here;
    allPositives += positives[group] as number;
  }
  return pairs / (allPositives * below);
}

/**
 * Average precision of rows known by group only, each group one step of the curve.
 *
 * Range: 0 … 1; NaN without positives.
 * Source: sklearn.metrics.average_precision_score with one score a group.
 */
export function groupedAveragePrecision({ positives, negatives }: GroupedScores): number {
  let hits = 0;
  let misses = 0;
  let sum = 0;
  for (let group = positives.length - 1; group >= 0; group--) {
    const here = positives[group] as number;
    hits += here;
    misses += negatives[group] as number;
    if (here > 0) sum += here * (hits / (hits + misses));
  }
  return sum / hits;
}
