export interface ExpectedRanking {
  rocAuc: number;
  rocAucVariance: number;
  averagePrecision: number;
  averagePrecisionVariance: number;
}

/**
 * ROC AUC and average precision that labels are expected to show when each is drawn from its row's probability, with
 * the variance of what they will show (delta method). `descending` are the probabilities, highest first; tied rows
 * are one step.
 *
 * Range: 0 … 1; NaN without expected positives, rocAuc also without expected negatives.
 * Source: NannyML's CBPE; the delta method for the variances.
 */
export function expectedRanking(descending: Float64Array): ExpectedRanking {
  const steps = stepsOf(descending);
  const last = steps.count - 1;
  const positives = steps.hits[last] ?? 0;
  const negatives = descending.length - positives;
  const rocAuc = areaUnder(steps, positives, negatives);
  const averagePrecision = averageOf(steps, positives);
  let gained = 0;
  let rocAucVariance = 0;
  let averagePrecisionVariance = 0;
  for (let step = last; step >= 0; step--) {
    const probability = steps.probability[step] as number;
    const above = steps.above[step] as number;
    const hits = steps.hits[step] as number;
    const rowsHere = above - (steps.above[step - 1] ?? 0);
    const hitsHere = rowsHere * probability;
    const variance = hitsHere * (1 - probability);
    const negativesBelow = (negatives - (above - hits) + (rowsHere - hitsHere) / 2) / negatives;
    const positivesAbove = (hits - hitsHere / 2) / positives;
    gained += hitsHere / above;
    rocAucVariance += variance * ((negativesBelow - rocAuc) / positives - (positivesAbove - rocAuc) / negatives) ** 2;
    averagePrecisionVariance += variance * ((hits / above + gained - averagePrecision) / positives) ** 2;
  }
  return { rocAuc, rocAucVariance, averagePrecision, averagePrecisionVariance };
}

interface Steps {
  count: number;
  probability: Float64Array;
  /** Rows at this probability or above. */
  above: Float64Array;
  /** Expected positives among them. */
  hits: Float64Array;
}

function stepsOf(descending: Float64Array): Steps {
  const rows = descending.length;
  const steps: Steps = {
    count: 0,
    probability: new Float64Array(rows),
    above: new Float64Array(rows),
    hits: new Float64Array(rows),
  };
  let hits = 0;
  for (let row = 0; row < rows; row++) {
    const probability = descending[row] as number;
    hits += probability;
    if (descending[row + 1] === probability) continue;
    steps.probability[steps.count] = probability;
    steps.above[steps.count] = row + 1;
    steps.hits[steps.count++] = hits;
  }
  return steps;
}

function areaUnder({ count, above, hits }: Steps, positives: number, negatives: number): number {
  let area = 0;
  for (let step = 0; step < count; step++) {
    const hitsBefore = hits[step - 1] ?? 0;
    const missesBefore = (above[step - 1] ?? 0) - hitsBefore;
    const misses = (above[step] as number) - (hits[step] as number);
    area += ((hits[step] as number) - hitsBefore) * (negatives - (missesBefore + misses) / 2);
  }
  return area / (positives * negatives);
}

function averageOf({ count, above, hits }: Steps, positives: number): number {
  let sum = 0;
  for (let step = 0; step < count; step++) {
    sum += (((hits[step] as number) - (hits[step - 1] ?? 0)) * (hits[step] as number)) / (above[step] as number);
  }
  return sum / positives;
}
