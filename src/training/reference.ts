import { fields } from "../customer.ts";
import type { LabelledTable } from "../data/table.ts";
import {
  type CategoricalProfile,
  cellCount,
  cellsOfTable,
  type FeatureProfile,
  intervalOf,
  type NumericProfile,
  type ReferenceProfile,
  type SegmentReference,
} from "../models/profile.ts";
import { calibrationCurve, squaredErrorLaw } from "../statistics/probability-scores.ts";
import type { Random } from "../statistics/random.ts";
import { simulateChanceInThread } from "./chance.ts";
import { drawRows } from "./domain-null.ts";

const intervals = 10;
/** A bin holds at least this share of the reference, so that a window of 2,000 expects 20 rows in it. */
const leastShare = 0.01;

/** Share of the values beyond each of the tails that a profile notes. */
const rareShare = 0.001;

/** The smallest of ascending values that a share of them does not exceed; null without any. */
const quantileOf = (ascending: ArrayLike<number>, share: number): number | null =>
  ascending[Math.max(0, Math.ceil(share * ascending.length) - 1)] ?? null;

/** Ascending edges that cut values into intervals of about equal count; equal values are never parted. */
export function quantileEdges(sorted: ArrayLike<number>, count: number): number[] {
  const edges: number[] = [];
  for (let i = 1; i < count; i++) {
    const edge = sorted[Math.ceil((i * sorted.length) / count) - 1];
    if (edge !== undefined && edge !== edges.at(-1) && edge < (sorted[sorted.length - 1] as number)) edges.push(edge);
  }
  return edges;
}

/** {@link quantileEdges}, and how many values lie in each interval. */
export function countQuantiles(sorted: ArrayLike<number>, count: number): { edges: number[]; counts: number[] } {
  const edges = quantileEdges(sorted, count);
  const counts = new Array<number>(edges.length + 1).fill(0);
  for (let i = 0; i < sorted.length; i++) {
    const interval = intervalOf(edges, sorted[i] as number);
    counts[interval] = (counts[interval] as number) + 1;
  }
  return { edges, counts };
}

/** An edge in the middle of such a gap is further from both sides than the served model may differ from the learned one. */
const rounding = 2e-6;

/**
 * Edges for probabilities, in the gaps between them: many customers share one, and the served model, which computes in single
 * precision, may find it a little above the one that was computed here. On an edge it would fall into the next bin.
 */
export function scoreEdges(sorted: Float64Array, count: number): number[] {
  return quantileEdges(sorted, count).flatMap((edge) => {
    const next = sorted.find((value) => value > edge + rounding);
    return next === undefined ? [] : [(edge + next) / 2];
  });
}

function profileNumeric(name: NumericProfile["name"], train: Float32Array, values: Float32Array): NumericProfile {
  let minimum = Number.POSITIVE_INFINITY;
  let maximum = Number.NEGATIVE_INFINITY;
  for (const value of train) {
    if (value < minimum) minimum = value;
    if (value > maximum) maximum = value;
  }
  const present = values.filter((value) => !Number.isNaN(value)).sort();
  const zeros = present.reduce((count, value) => count + (value === 0 ? 1 : 0), 0);
  const hasZeroBin = zeros >= leastShare * values.length;
  const sorted = hasZeroBin ? present.filter((value) => value !== 0) : present;
  const count = Math.max(1, Math.min(intervals, Math.floor(sorted.length / (leastShare * values.length))));
  const edges = quantileEdges(sorted, count);
  const first = hasZeroBin ? 2 : 1;
  const counts = new Array<number>(first + edges.length + 1).fill(0);
  let strangers = 0;
  for (const value of values) {
    const bin = Number.isNaN(value) ? 0 : hasZeroBin && value === 0 ? 1 : first + intervalOf(edges, value);
    counts[bin] = (counts[bin] as number) + 1;
    if (value < minimum || value > maximum) strangers++;
  }
  const isEmpty = minimum > maximum;
  return {
    name,
    kind: "numeric",
    hasZeroBin,
    edges,
    minimum: isEmpty ? null : minimum,
    maximum: isEmpty ? null : maximum,
    tails: { low: quantileOf(present, rareShare), high: quantileOf(present, 1 - rareShare) },
    counts,
    strangers,
  };
}

function profileCategorical(
  name: CategoricalProfile["name"],
  train: LabelledTable,
  table: LabelledTable,
): CategoricalProfile {
  const { levels, codes } = table.categorical[name];
  const seen = new Set(train.categorical[name].codes);
  const rows = new Float64Array(levels.length);
  let missing = 0;
  let strangers = 0;
  for (const code of codes) {
    if (code < 0) missing++;
    else {
      rows[code] = (rows[code] as number) + 1;
      if (!seen.has(code)) strangers++;
    }
  }
  const frequent = levels
    .map((_, code) => code)
    .filter((code) => (rows[code] as number) >= leastShare * table.rows && seen.has(code));
  frequent.sort((a, b) => (rows[b] as number) - (rows[a] as number));
  const counts = frequent.map((code) => rows[code] as number);
  const other = table.rows - missing - counts.reduce((sum, count) => sum + count, 0);
  return {
    name,
    kind: "categorical",
    levels: frequent.map((code) => levels[code] as string),
    seen: levels.filter((_, code) => seen.has(code)),
    counts: [missing, ...counts, other],
    strangers,
  };
}

export interface ScoredTable {
  table: LabelledTable;
  /** Calibrated, as served. */
  probabilities: Float64Array;
}

export interface ReferenceOptions {
  /** The rows that were learned from: they say which values are known. */
  train: LabelledTable;
  /** Rows that the trees did not fit: the distributions. */
  reference: ScoredTable;
  /** Rows that nothing was chosen by: the errors. */
  holdout: ScoredTable;
  /** Probability from which a customer is called a churner. */
  threshold: number;
  random: Random;
  /** Told in one line when a thread did not do what it was asked, and its work takes longer for that. */
  onWarning(warning: string): void;
}

const sampleRows = 4000;

/**
 * The reference profile: what undisturbed data look like, from rows that the learner did not fit. Numeric bins are
 * quantiles of the reference, missing and (from 1 %) zero apart; a level has its own bin from 1 %. The range of values
 * and the levels ever seen are those of the training rows.
 */
export async function profileReference({
  train,
  reference: { table, probabilities },
  holdout,
  threshold,
  random,
  onWarning,
}: ReferenceOptions): Promise<ReferenceProfile> {
  const edges = scoreEdges(probabilities.slice().sort(), intervals);
  const counts = new Array<number>(edges.length + 1).fill(0);
  for (const probability of probabilities) {
    const bin = intervalOf(edges, probability);
    counts[bin] = (counts[bin] as number) + 1;
  }
  const features = fields.map((field) =>
    field.kind === "numeric"
      ? profileNumeric(field.name, train.numeric[field.name], table.numeric[field.name])
      : profileCategorical(field.name, train, table),
  );
  const score = { edges, counts };
  const cells = cellsOfTable(features, table);
  // Columns were copied and sorted one after the other, which the runtime would keep for long.
  Bun.gc(true);
  const { sample, others } = partCells(cells, features.length, random);
  const simulation = simulateChanceInThread(
    {
      features,
      score,
      sample,
      others,
      width: features.length,
      probabilities: holdout.probabilities,
      labels: holdout.table.churned,
      threshold,
      seed: random.integer(2 ** 32),
    },
    onWarning,
  );
  const known = {
    rows: table.rows,
    features,
    score,
    calibration: calibrationCurve(probabilities, table.churned).filter(({ rows }) => rows > 0),
    segments: profileSegments(features, holdout),
    sample: { rows: sample.length / features.length, cells: Buffer.from(sample).toString("base64") },
  };
  return { ...known, ...(await simulation) };
}

/** The rows of a row-major matrix in random order: up to `sampleRows` of them (half when there are fewer), and the others. */
function partCells(cells: Uint8Array, width: number, random: Random): { sample: Uint8Array; others: Uint8Array } {
  const rows = cells.length / width;
  const shuffled = drawRows(cells, width, rows, random);
  const end = Math.min(sampleRows, Math.ceil(rows / 2)) * width;
  return { sample: shuffled.subarray(0, end), others: shuffled.subarray(end) };
}

function profileSegments(
  features: readonly FeatureProfile[],
  { table, probabilities }: ScoredTable,
): SegmentReference[] {
  const cells = cellsOfTable(features, table);
  return features.map((feature, f) => {
    const size = cellCount(feature);
    const segment = {
      rows: new Array<number>(size).fill(0),
      squaredErrors: new Array<number>(size).fill(0),
      expected: new Array<number>(size).fill(0),
      variances: new Array<number>(size).fill(0),
    };
    const add = (sums: number[], cell: number, value: number): void => {
      sums[cell] = (sums[cell] as number) + value;
    };
    probabilities.forEach((probability, row) => {
      const cell = cells[row * features.length + f] as number;
      const { mean, variance } = squaredErrorLaw(probability);
      add(segment.rows, cell, 1);
      add(segment.squaredErrors, cell, (probability - (table.churned[row] as number)) ** 2);
      add(segment.expected, cell, mean);
      add(segment.variances, cell, variance);
    });
    return segment;
  });
}
