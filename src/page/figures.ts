import type { Manifest, PerformanceMetric } from "../models/manifest.ts";
import { baselines } from "../monitoring/baselines.ts";
import { createSums } from "../monitoring/sums.ts";
import type { SumsRow } from "../storage/sums.ts";

export type PageFigures = ReturnType<typeof figuresOf>;

/** The share of churners among fewer says nothing of the calibration, and would draw it as broken. */
const leastOfTenth = 10;
const isDrawn = ({ rows }: { rows: number }): boolean => rows >= leastOfTenth;

const share = (part: number, whole: number): number | null => (whole > 0 ? part / whole : null);
const total = (values: ArrayLike<number>): number => Array.from(values).reduce((sum, value) => sum + value, 0);

/**
 * What the page draws of the newest predictions: confusion counts, the calibration and ROC curves of the newest whole minutes
 * with at least `windowSize` predictions, and the scores minute by minute. Ratios 0–1, times in milliseconds since the epoch.
 *
 * @param minutes sums of predictions of the model version by minute, oldest first
 */
export function figuresOf({ reference, threshold, performance }: Manifest, minutes: SumsRow[], windowSize: number) {
  const layout = createSums(reference, threshold);
  const scoreColumn = reference.features.length;
  const sums = new Float64Array(layout.length);
  let rows = 0;
  let from: number | null = null;
  for (const minute of minutes.toReversed()) {
    if (rows >= windowSize) break;
    minute.sums.forEach((value, i) => {
      sums[i] = (sums[i] as number) + value;
    });
    rows += minute.rows;
    from = minute.start;
  }
  const confusion = {
    true_positives: layout.figure(sums, "truePositives"),
    false_positives: layout.figure(sums, "falsePositives"),
    false_negatives: layout.figure(sums, "falseNegatives"),
    true_negatives: layout.figure(sums, "trueNegatives"),
  };
  const labelled = total(Object.values(confusion));
  const churnedNow = share(confusion.true_positives + confusion.false_negatives, labelled);
  const [tenthRows, tenthProbabilities, tenthChurners] = (
    ["tenthRows", "tenthProbabilities", "tenthChurners"] as const
  ).map((part) => layout.part(sums, part)) as [Float64Array, Float64Array, Float64Array];
  const [stayed, churned] = performance.train.classes;
  const held = performance.holdout.confusion;
  const referenceScores = total(reference.score.counts);

  return {
    window: { from, rows, labelled, coverage: share(labelled, rows) },
    threshold,
    confusion,
    calibration: Array.from(tenthRows, (count, i) => ({
      predicted: (tenthProbabilities[i] as number) / count,
      observed: (tenthChurners[i] as number) / count,
      rows: count,
    })).filter(isDrawn),
    reference_calibration: reference.calibration.filter(isDrawn),
    roc: rocOf(layout.part(sums, "labelled"), layout.part(sums, "churners")),
    /** What each metric would be without a model. */
    baselines: Object.fromEntries(
      Object.entries(baselines).map(([metric, { of }]) => [metric, churnedNow === null ? null : of(churnedNow)]),
    ) as Partial<Record<PerformanceMetric, number | null>>,
    churners: {
      predicted: share(layout.figure(sums, "called"), rows),
      observed: churnedNow,
      training: share(churned, stayed + churned),
      called_at_training: share(held.truePositives + held.falsePositives, performance.holdout.rows),
    },
    score: {
      edges: reference.score.edges,
      reference: reference.score.counts.map((count) => count / referenceScores),
    },
    minutes: minutes.map((minute) => ({
      at: minute.start,
      rows: minute.rows,
      predicted: layout.figure(minute.sums, "called") / minute.rows,
      score: Array.from(layout.cells(minute.sums, scoreColumn), (count) => count / minute.rows),
    })),
  };
}

/** Points of the ROC curve from the highest group of scores to the lowest; none while a class has no label. */
function rocOf(labelled: Float64Array, churners: Float64Array): { false_positive: number; true_positive: number }[] {
  const positives = total(churners);
  const negatives = total(labelled) - positives;
  if (positives === 0 || negatives === 0) return [];
  const points = [{ false_positive: 0, true_positive: 0 }];
  let found = 0;
  let wrong = 0;
  for (let group = labelled.length - 1; group >= 0; group--) {
    if (labelled[group] === 0) continue;
    found += churners[group] as number;
    wrong += (labelled[group] as number) - (churners[group] as number);
    points.push({ false_positive: wrong / negatives, true_positive: found / positives });
  }
  return points;
}
