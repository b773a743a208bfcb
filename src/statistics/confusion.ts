/** Rows by actual and predicted class; positive means churn. Expected counts need not be whole. */
export interface Confusion {
  truePositives: number;
  falsePositives: number;
  falseNegatives: number;
  trueNegatives: number;
}

/**
 * Counts by actual and predicted class: a row is predicted positive when its probability ≥ threshold.
 * Source: sklearn.metrics.confusion_matrix.
 *
 * @throws RangeError when the vectors differ in length: a defect of the caller.
 */
export function confusionCounts(probabilities: Float64Array, labels: Uint8Array, threshold: number): Confusion {
  requireSameLength(probabilities, labels);
  let predicted = 0;
  let actual = 0;
  let both = 0;
  for (let row = 0; row < labels.length; row++) {
    const positive = (probabilities[row] as number) >= threshold ? 1 : 0;
    const churned = labels[row] as number;
    predicted += positive;
    actual += churned;
    both += positive & churned;
  }
  return {
    truePositives: both,
    falsePositives: predicted - both,
    falseNegatives: actual - both,
    trueNegatives: labels.length - predicted - actual + both,
  };
}

/**
 * Share of rows predicted right, 0 … 1; NaN without rows.
 * Source: sklearn.metrics.accuracy_score.
 */
export function accuracy(counts: Confusion): number {
  return (counts.truePositives + counts.trueNegatives) / rowsOf(counts);
}

/**
 * Share of actual positives among the predicted ones, 0 … 1; NaN when nothing is predicted positive.
 * Source: sklearn.metrics.precision_score.
 */
export function precision(counts: Confusion): number {
  return counts.truePositives / (counts.truePositives + counts.falsePositives);
}

/**
 * Share of the actual positives that are predicted so (sensitivity), 0 … 1; NaN when there are none.
 * Source: sklearn.metrics.recall_score.
 */
export function recall(counts: Confusion): number {
  return counts.truePositives / (counts.truePositives + counts.falseNegatives);
}

/**
 * Share of the actual negatives that are predicted so, 0 … 1; NaN when there are none.
 * Source: sklearn.metrics.recall_score of the negatives.
 */
export function specificity(counts: Confusion): number {
  return counts.trueNegatives / (counts.trueNegatives + counts.falsePositives);
}

/**
 * Harmonic mean of precision and recall, 2TP / (2TP + FP + FN), 0 … 1; NaN with no positive, actual or predicted.
 * Source: sklearn.metrics.f1_score.
 */
export function f1(counts: Confusion): number {
  const twice = 2 * counts.truePositives;
  return twice / (twice + counts.falsePositives + counts.falseNegatives);
}

export function rowsOf(counts: Confusion): number {
  return counts.truePositives + counts.falsePositives + counts.falseNegatives + counts.trueNegatives;
}

export function requireSameLength(probabilities: ArrayLike<number>, labels: ArrayLike<number>): void {
  if (probabilities.length !== labels.length) {
    throw new RangeError(`${probabilities.length} probabilities but ${labels.length} labels`);
  }
}
