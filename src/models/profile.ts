import { z } from "zod";
import { amountOf, type Customer, categoricalNames, numericNames, textOf } from "../customer.ts";
import type { CustomerTable } from "../data/table.ts";
import { metricNames } from "../statistics/classification.ts";

export const missingBin = "__missing__";
export const zeroBin = "__zero__";
export const otherBin = "__other__";

/**
 * The reference of a numeric feature. Bins: missing, zero (when `hasZeroBin`), then the intervals that the
 * ascending `edges` cut: (−∞, e₀], (e₀, e₁], …, (eₖ, ∞). `minimum` and `maximum` are those of training.
 */
const numericProfileSchema = z.object({
  name: z.enum(numericNames),
  kind: z.literal("numeric"),
  hasZeroBin: z.boolean(),
  edges: z.array(z.number()),
  minimum: z.number().nullable(),
  maximum: z.number().nullable(),
  /** The 0.1 % and the 99.9 % quantile of the reference; null when every value is missing. */
  tails: z.object({ low: z.number().nullable(), high: z.number().nullable() }).optional(),
  counts: z.array(z.number().int().nonnegative()),
  /** Values of the reference outside that range, counted in the nearest bin. */
  strangers: z.number().int().nonnegative(),
});

/** The reference of a categorical feature. Bins: missing, one for each of `levels`, other. `seen` is every level of training. */
const categoricalProfileSchema = z.object({
  name: z.enum(categoricalNames),
  kind: z.literal("categorical"),
  levels: z.array(z.string()),
  seen: z.array(z.string()),
  counts: z.array(z.number().int().nonnegative()),
  /** Values of the reference that are not among the seen, counted as other. */
  strangers: z.number().int().nonnegative(),
});

/** What a statistic does by chance on an undisturbed window of `rows` rows; `feature` is null for the score and for all together. */
const nullSchema = z.object({
  statistic: z.enum(["psi", "domain_auc", "calibration_error"]),
  feature: z.string().nullable(),
  rows: z.number().int().positive(),
  mean: z.number(),
  standardDeviation: z.number(),
  skewness: z.number(),
});

/**
 * Squared errors of the predictions by cell, each vector with one place a cell: their sums, what these would be if the
 * probabilities were right, and the variances of the sums then. The reference of segments.
 */
const segmentSchema = z.object({
  rows: z.array(z.number().int().nonnegative()),
  squaredErrors: z.array(z.number()),
  expected: z.array(z.number()),
  variances: z.array(z.number()),
});

/** A metric over windows of the holdout: mean, standard deviation and 2.5 % and 97.5 % quantile; null where it is not defined. */
const spreadSchema = z.object({
  mean: z.number().nullable(),
  standardDeviation: z.number().nullable(),
  low: z.number().nullable(),
  high: z.number().nullable(),
});

/** How metrics spread over `windows` reference windows of `rows` rows. */
const windowsSchema = z.object({
  rows: z.number().int().positive(),
  windows: z.number().int().positive(),
  metrics: z.partialRecord(z.enum(metricNames), spreadSchema),
});

/**
 * What is optional was added after the first models of this format: their profiles are read without it. A change that a program
 * of before could not read takes another `manifestFormat`.
 */
export const referenceProfileSchema = z.object({
  rows: z.number().int().positive(),
  features: z.array(z.discriminatedUnion("kind", [numericProfileSchema, categoricalProfileSchema])),
  /** Predicted probabilities: intervals cut by ascending edges. */
  score: z.object({ edges: z.array(z.number()), counts: z.array(z.number().int().nonnegative()) }),
  /** Mean predicted probability, observed churn and rows, by tenth of the probability. */
  calibration: z.array(z.object({ predicted: z.number(), observed: z.number(), rows: z.number().int() })),
  nulls: z.array(nullSchema),
  /** By ascending size of the window. */
  windows: z.array(windowsSchema).optional(),
  /** One for each feature, from the holdout. */
  segments: z.array(segmentSchema),
  /** Some rows of the reference: `rows` × features cells, base64. */
  sample: z.object({ rows: z.number().int().nonnegative(), cells: z.base64() }),
});

export type ReferenceNull = z.output<typeof nullSchema>;
export type ReferenceWindows = z.output<typeof windowsSchema>;
export type SegmentReference = z.output<typeof segmentSchema>;

export type NumericProfile = z.output<typeof numericProfileSchema>;
export type CategoricalProfile = z.output<typeof categoricalProfileSchema>;
export type FeatureProfile = NumericProfile | CategoricalProfile;
export type ReferenceProfile = z.output<typeof referenceProfileSchema>;

const decimal = (value: number): string => String(Number(value.toPrecision(6)));

/** The names of the intervals that ascending edges cut. */
export function intervalLabels(edges: readonly number[]): string[] {
  const last = edges.at(-1);
  if (last === undefined) return ["any"];
  const bounded = edges.map((edge, i) =>
    i === 0 ? `<=${decimal(edge)}` : `${decimal(edges[i - 1] as number)}-${decimal(edge)}`,
  );
  return [...bounded, `>${decimal(last)}`];
}

/** The names of a feature's bins, in the order of its counts. */
export function binLabels(profile: FeatureProfile): string[] {
  if (profile.kind === "categorical") return [missingBin, ...profile.levels, otherBin];
  return [missingBin, ...(profile.hasZeroBin ? [zeroBin] : []), ...intervalLabels(profile.edges)];
}

/** Index of the interval that holds a value: the number of edges below it. */
export function intervalOf(edges: readonly number[], value: number): number {
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (value <= (edges[middle] as number)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * Turns customers into cells: one small integer for each feature, and one for the score. A cell is a bin of the
 * profile, or one of two cells past the last bin that mark what training never saw: an unknown category, or a value
 * below (first) or above (second) the range of training. So counts of cells are all that the monitors need, and add up.
 */
export function createBinner(profile: Pick<ReferenceProfile, "features" | "score">) {
  const cellOf = profile.features.map((feature) => {
    if (feature.kind === "numeric") {
      const cellOf = numericCell(feature);
      // The reference was made from float32 values.
      return (customer: Customer) => cellOf(Math.fround(amountOf(customer, feature.name)));
    }
    const cellOf = categoricalCell(feature);
    return (customer: Customer) => {
      const value = textOf(customer, feature.name);
      return value === null ? 0 : cellOf(value);
    };
  });

  const width = cellOf.length + 1;
  function fill(customer: Customer, probability: number, cells: Uint8Array): void {
    for (let f = 0; f < cellOf.length; f++) cells[f] = (cellOf[f] as (c: Customer) => number)(customer);
    cells[cellOf.length] = intervalOf(profile.score.edges, probability);
  }

  return {
    width,
    fill,
    cells(customer: Customer, probability: number): Uint8Array {
      const cells = new Uint8Array(width);
      fill(customer, probability, cells);
      return cells;
    },
  };
}

function numericCell({ hasZeroBin, counts, edges, minimum, maximum }: NumericProfile): (value: number) => number {
  const first = hasZeroBin ? 2 : 1;
  const bins = counts.length;
  const least = minimum ?? Number.NEGATIVE_INFINITY;
  const most = maximum ?? Number.POSITIVE_INFINITY;
  return (value) => {
    if (Number.isNaN(value)) return 0;
    if (value < least) return bins;
    if (value > most) return bins + 1;
    return hasZeroBin && value === 0 ? 1 : first + intervalOf(edges, value);
  };
}

function categoricalCell({ levels, seen, counts }: CategoricalProfile): (value: string) => number {
  const bins = new Map(levels.map((level, i) => [level, i + 1]));
  const known = new Set(seen);
  const other = counts.length - 1;
  return (value) => bins.get(value) ?? (known.has(value) ? other : other + 1);
}

export type Binner = ReturnType<typeof createBinner>;

/** The cells of a whole table, row-major, one column a feature: those that {@link createBinner} gives, without the score. */
export function cellsOfTable(features: readonly FeatureProfile[], table: CustomerTable): Uint8Array {
  const width = features.length;
  const cells = new Uint8Array(table.rows * width);
  features.forEach((feature, f) => {
    const cellOf = columnBinner(feature, table);
    for (let row = 0; row < table.rows; row++) cells[row * width + f] = cellOf(row);
  });
  return cells;
}

function columnBinner(feature: FeatureProfile, table: CustomerTable): (row: number) => number {
  if (feature.kind === "numeric") {
    const values = table.numeric[feature.name];
    const cellOf = numericCell(feature);
    return (row) => cellOf(values[row] as number);
  }
  const { levels, codes } = table.categorical[feature.name];
  const cellOf = categoricalCell(feature);
  const cells = levels.map(cellOf);
  return (row) => {
    const code = codes[row] as number;
    return code < 0 ? 0 : (cells[code] as number);
  };
}

/** The cells of all columns: those of the features, then of the score. */
export const cellCounts = (profile: Pick<ReferenceProfile, "features" | "score">): number[] => [
  ...profile.features.map(cellCount),
  profile.score.counts.length,
];

/** Cells of a feature: its bins and the two past them. */
export const cellCount = (profile: FeatureProfile): number => profile.counts.length + 2;

/** The bin of the profile that a cell counts towards: unseen categories are `other`, outliers the nearest interval. */
export function binOfCell(profile: FeatureProfile, cell: number): number {
  const bins = profile.counts.length;
  if (cell < bins) return cell;
  if (profile.kind === "categorical" || cell > bins) return bins - 1;
  return profile.hasZeroBin ? 2 : 1;
}
