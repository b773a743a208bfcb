import { binLabels, cellCount, type FeatureProfile, type ReferenceProfile } from "../models/profile.ts";
import { normalQuantile } from "../statistics/distributions.ts";
import { type NullDistribution, nullThreshold } from "../statistics/null-distribution.ts";
import { squaredErrorLaw } from "../statistics/probability-scores.ts";
import { sharesOf } from "./distributions.ts";
import {
  type Evidence,
  type Finding,
  finding,
  leastCoverage,
  leastLabels,
  rateWithin,
  unjudgedFinding,
  withEvidence,
} from "./finding.ts";
import { createTenths, tenthLabels } from "./tenths.ts";
import type { Window } from "./window.ts";

/** Labelled rows below which a segment is not judged, on either side. */
const leastSegment = 50;

interface Sums {
  rows: number;
  squaredErrors: number;
  expected: number;
  variances: number;
}

interface Segment {
  /** Its name among the bins of the feature. */
  bin: string;
  cells: readonly number[];
  reference: Sums;
}

/** Sums over the labelled rows of the window, one place a cell. */
interface CellSums {
  rows: Float64Array;
  squaredErrors: Float64Array;
  expected: Float64Array;
  variances: Float64Array;
  thirds: Float64Array;
}

/**
 * Parts of the customers for whom the model got worse: every bin of every feature, and the lower and the upper half of every
 * numeric one. A segment's mean squared error (Brier score) is held against what it would be if the probabilities were right,
 * but for as much as it strayed from that on the holdout. The bound is that of a sum of independent errors, which are rare and
 * large where churn is rare: Pearson type III law with their mean, variance and third cumulant, the sampling error of the
 * holdout included, for all segments together at the family's false-alarm rate.
 */
export function createSegmentMonitor(profile: ReferenceProfile) {
  const segments = profile.features.map((feature, f) => segmentsOf(feature, profile.segments[f]));
  const tests = segments.reduce((sum, own) => sum + own.length, 0);
  const rate = rateWithin(tests);
  const farTail = normalQuantile(1 - rate);

  /** The worst segment of each feature. */
  return function segmentFindings(window: Window): Finding[] {
    const known = window.labels.reduce((sum, label) => sum + (label >= 0 ? 1 : 0), 0);
    const unjudged = known < leastCoverage * window.rows ? "immature" : known < leastLabels ? "insufficient" : null;
    return profile.features.map((feature, f) => {
      const base = { monitor: "segment", metric: "brier", feature: feature.name } as const;
      if (unjudged) return unjudgedFinding({ ...base, rows: known }, unjudged);
      const sums = sumCells(window, f, cellCount(feature));
      let worst: SegmentFigures | null = null;
      for (const segment of segments[f] as Segment[]) {
        const found = weighSegment(segment, sums);
        if (found && (worst === null || excessOf(found, farTail) > excessOf(worst, farTail))) worst = found;
      }
      if (!worst) return unjudgedFinding({ ...base, rows: known }, "insufficient");
      const { bin, cells, value, rows, law } = worst;
      return withEvidence(
        finding({ ...base, bin, value, rows, thresholdUpper: nullThreshold(law, rate), chance: rate }),
        () => errorEvidence(window, f, cells),
      );
    });
  };
}

/** How far the probabilities of a segment were from what happened, beside how far they would be if they were right. */
function errorEvidence(
  { labels, probabilities, cells, width }: Window,
  column: number,
  segment: readonly number[],
): Evidence {
  const [expected, seen] = [createTenths(), createTenths()];
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row] as number;
    if (label < 0 || !segment.includes(cells[row * width + column] as number)) continue;
    const probability = probabilities[row] as number;
    seen.add(Math.abs(probability - label));
    expected.add(1 - probability, probability);
    expected.add(probability, 1 - probability);
  }
  return {
    about:
      "labelled predictions of the segment by how far the probability was from what happened, beside how far it would be if it were right",
    bins: sharesOf(tenthLabels, expected.sums, seen.sums),
  };
}

function sumCells({ labels, probabilities, cells, width }: Window, column: number, size: number): CellSums {
  const [rows, squaredErrors, expected, variances, thirds] = Array.from(
    { length: 5 },
    () => new Float64Array(size),
  ) as [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array];
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row] as number;
    if (label < 0) continue;
    const cell = cells[row * width + column] as number;
    const probability = probabilities[row] as number;
    const { mean, variance, third } = squaredErrorLaw(probability);
    rows[cell] = (rows[cell] as number) + 1;
    squaredErrors[cell] = (squaredErrors[cell] as number) + (probability - label) ** 2;
    expected[cell] = (expected[cell] as number) + mean;
    variances[cell] = (variances[cell] as number) + variance;
    thirds[cell] = (thirds[cell] as number) + third;
  }
  return { rows, squaredErrors, expected, variances, thirds };
}

interface SegmentFigures {
  bin: string;
  cells: readonly number[];
  rows: number;
  /** Mean squared error, and its law while the model is as right as it was. */
  value: number;
  law: NullDistribution;
}

function weighSegment({ bin, cells, reference }: Segment, sums: CellSums): SegmentFigures | null {
  const add = (of: Float64Array) => cells.reduce((sum, cell) => sum + (of[cell] as number), 0);
  const rows = add(sums.rows);
  if (rows < leastSegment || reference.rows < leastSegment) return null;
  const strayed = (reference.squaredErrors - reference.expected) / reference.rows;
  const standardDeviation = Math.sqrt(add(sums.variances) / rows ** 2 + reference.variances / reference.rows ** 2);
  const law = {
    draws: new Float64Array(),
    mean: add(sums.expected) / rows + strayed,
    standardDeviation,
    skewness: standardDeviation > 0 ? add(sums.thirds) / rows ** 3 / standardDeviation ** 3 : 0,
  };
  return { bin, cells, value: add(sums.squaredErrors) / rows, rows, law };
}

/**
 * How far a segment is from what is usual, in standard deviations; beyond the far tail of a normal law, where skewness decides,
 * corrected for it (Cornish and Fisher), so that a small segment with rare errors does not hide a large one.
 */
function excessOf({ value, law: { mean, standardDeviation, skewness } }: SegmentFigures, farTail: number): number {
  if (standardDeviation === 0) return 0;
  const z = (value - mean) / standardDeviation;
  return z < farTail ? z : z / (1 + (skewness * (farTail ** 2 - 1)) / (6 * farTail));
}

function segmentsOf(feature: FeatureProfile, reference: ReferenceProfile["segments"][number] | undefined): Segment[] {
  if (!reference) return [];
  const sums = (cells: readonly number[]): Sums => {
    const add = (of: readonly number[]) => cells.reduce((sum, cell) => sum + (of[cell] ?? 0), 0);
    const { rows, squaredErrors, expected, variances } = reference;
    return {
      rows: add(rows),
      squaredErrors: add(squaredErrors),
      expected: add(expected),
      variances: add(variances),
    };
  };
  const labels = binLabels(feature);
  const single = labels.map((bin, cell) => ({ bin, cells: [cell] }));
  const segments = feature.kind === "numeric" ? [...single, ...halves(feature)] : single;
  return segments.map(({ bin, cells }) => ({ bin, cells, reference: sums(cells) }));
}

function halves({ edges, hasZeroBin }: Extract<FeatureProfile, { kind: "numeric" }>) {
  const first = hasZeroBin ? 2 : 1;
  const middle = Math.floor(edges.length / 2);
  const edge = edges[middle];
  if (edges.length < 2 || edge === undefined) return [];
  const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
  return [
    { bin: `up to ${edge}`, cells: range(first, first + middle + 1) },
    { bin: `above ${edge}`, cells: range(first + middle + 1, first + edges.length + 1) },
  ];
}
