import { type Manifest, type PerformanceMetric, performanceMetrics } from "../models/manifest.ts";
import { accuracy, type Confusion, f1, precision, recall } from "../statistics/confusion.ts";
import { groupedAveragePrecision, groupedRocAuc } from "../statistics/grouped-ranking.ts";
import type { Random } from "../statistics/random.ts";
import type { SumsStore } from "../storage/sums.ts";
import { countBins, featureDrift, predictionDrift } from "./drift.ts";
import { type Finding, finding, isOutside, leastCoverage, leastLabels, leastRows, unjudgedFinding } from "./finding.ts";
import { type JudgedFinding, severityOf } from "./judge.ts";
import { createQuality } from "./quality.ts";
import { createSums, type Sums } from "./sums.ts";
import { createPsiThresholds } from "./thresholds.ts";

/** Lengths of windows that are read from sums. */
export const spans = { hour: 3_600_000, day: 86_400_000, "30d": 30 * 86_400_000 } as const;
export type Span = keyof typeof spans;

/** What the monitors say of one span; nothing is confirmed by a second look, since a span is looked at once. */
export interface SpanResults {
  from: number;
  to: number;
  results: JudgedFinding[];
}

export interface HistoryRequest {
  span: Span;
  /** Milliseconds since the epoch. */
  from: number;
  to: number;
}

/**
 * What the monitors would have said of whole hours, days (UTC) or the last 30 days, from the sums kept by the minute: drift and
 * quality with thresholds at the size of the span, realized and estimated performance without intervals.
 */
export function createHistory(manifest: Manifest, store: SumsStore, random: Random) {
  const { reference, version, threshold } = manifest;
  const layout = createSums(reference, threshold);
  const thresholds = createPsiThresholds(reference, random);
  const featureQuality = createQuality(reference);

  function judge(rows: number, sums: Float64Array, from: number): JudgedFinding[] {
    const counted = { rows, counts: (column: number) => layout.cells(sums, column) };
    const bins = reference.features.map((feature, column) => countBins(feature, counted.counts(column)));
    return [
      ...performance(layout, sums, rows),
      predictionDrift(reference, counted, thresholds),
      ...featureDrift(reference, counted, thresholds).flatMap((drift, column) => [
        drift,
        ...featureQuality(column, counted),
      ]),
    ].map((found) => {
      const verdict = found.unjudged ?? (isOutside(found) ? "alarm" : "ok");
      return {
        ...found,
        verdict,
        since: from,
        severity: verdict === "alarm" ? severityOf(found, bins, manifest) : "ok",
      };
    });
  }

  return function read({ span, from, to }: HistoryRequest): SpanResults[] {
    const length = spans[span];
    const found = new Map<number, { rows: number; sums: Float64Array }>();
    const isRolling = span === "30d";
    const begin = isRolling ? to - length : Math.floor(from / length) * length;
    for (const { start, rows, sums } of store.between(version, begin, to)) {
      const at = isRolling ? begin : Math.floor(start / length) * length;
      const known = found.get(at);
      if (!known) found.set(at, { rows, sums });
      else {
        known.rows += rows;
        for (let i = 0; i < sums.length; i++) known.sums[i] = (known.sums[i] as number) + (sums[i] as number);
      }
    }
    return [...found]
      .sort(([a], [b]) => a - b)
      .map(([start, { rows, sums }]) => ({
        from: start,
        to: Math.min(start + length, to),
        results: judge(rows, sums, start),
      }));
  };
}

function performance(layout: Sums, sums: Float64Array, rows: number): Finding[] {
  const labelled = layout.part(sums, "labelled").reduce((sum, count) => sum + count, 0);
  const unjudged = labelled < leastCoverage * rows ? "immature" : labelled < leastLabels ? "insufficient" : null;
  const realized = unjudged ? null : realizedFigures(layout, sums, labelled);
  const estimated = rows < leastRows ? null : estimatedFigures(layout, sums, rows);
  return [
    finding({ monitor: "labels", metric: "coverage", feature: null, rows, value: labelled / rows }),
    ...performanceMetrics.flatMap((metric) => {
      const base = { metric, feature: null } as const;
      return [
        realized
          ? finding({ ...base, monitor: "realized", rows: labelled, value: realized[metric] })
          : unjudgedFinding({ ...base, monitor: "realized", rows: labelled }, unjudged ?? "insufficient"),
        estimated
          ? finding({ ...base, monitor: "estimated", rows, value: estimated[metric] })
          : unjudgedFinding({ ...base, monitor: "estimated", rows }, "insufficient"),
      ];
    }),
  ];
}

type Figures = Record<PerformanceMetric, number>;

const decisionFigures = (confusion: Confusion) => ({
  accuracy: accuracy(confusion),
  precision: precision(confusion),
  recall: recall(confusion),
  f1: f1(confusion),
});

/** @param positives of the rows of each group of scores, ascending */
function rankingFigures(positives: Float64Array, rows: Float64Array) {
  const negatives = rows.map((count, group) => count - (positives[group] as number));
  return {
    roc_auc: groupedRocAuc({ positives, negatives }),
    average_precision: groupedAveragePrecision({ positives, negatives }),
  };
}

function realizedFigures(layout: Sums, sums: Float64Array, labelled: number): Figures {
  const confusion = {
    truePositives: layout.figure(sums, "truePositives"),
    falsePositives: layout.figure(sums, "falsePositives"),
    falseNegatives: layout.figure(sums, "falseNegatives"),
    trueNegatives: layout.figure(sums, "trueNegatives"),
  };
  const probabilities = layout.part(sums, "tenthProbabilities");
  const churners = layout.part(sums, "tenthChurners");
  const gap = probabilities.reduce((sum, p, tenth) => sum + Math.abs(p - (churners[tenth] as number)), 0);
  return {
    ...decisionFigures(confusion),
    ...rankingFigures(layout.part(sums, "churners"), layout.part(sums, "labelled")),
    brier: layout.figure(sums, "squaredErrors") / labelled,
    log_loss: layout.figure(sums, "surprises") / labelled,
    calibration_error: gap / labelled,
  };
}

function estimatedFigures(layout: Sums, sums: Float64Array, rows: number): Figures {
  const called = layout.figure(sums, "called");
  const truePositives = layout.figure(sums, "calledProbabilities");
  const falseNegatives = layout.figure(sums, "otherProbabilities");
  const confusion = {
    truePositives,
    falsePositives: called - truePositives,
    falseNegatives,
    trueNegatives: rows - called - falseNegatives,
  };
  return {
    ...decisionFigures(confusion),
    ...rankingFigures(layout.part(sums, "probabilities"), layout.part(sums, "rows")),
    brier: layout.figure(sums, "uncertainty") / rows,
    log_loss: layout.figure(sums, "entropy") / rows,
    // What a finite sample of right probabilities shows is not in the sums.
    calibration_error: Number.NaN,
  };
}
