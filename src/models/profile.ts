import { z } from "zod";
import { amountOf, type Customer, categoricalNames, numericNames, textOf } from "../customer.ts";

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

export const referenceProfileSchema = z.object({
  rows: z.number().int().positive(),
  features: z.array(z.discriminatedUnion("kind", [numericProfileSchema, categoricalProfileSchema])),
  /** Predicted probabilities: intervals cut by ascending edges. */
  score: z.object({ edges: z.array(z.number()), counts: z.array(z.number().int().nonnegative()) }),
});

export type NumericProfile = z.output<typeof numericProfileSchema>;
export type CategoricalProfile = z.output<typeof categoricalProfileSchema>;
export type FeatureProfile = NumericProfile | CategoricalProfile;
export type ReferenceProfile = z.output<typeof referenceProfileSchema>;

const decimal = (value: number): string => String(Number(value.toPrecision(6)));

/** The names of a feature's bins, in the order of its counts. */
export function binLabels(profile: FeatureProfile): string[] {
  if (profile.kind === "categorical") return [missingBin, ...profile.levels, otherBin];
  const { edges } = profile;
  const intervals = edges.map((edge, i) =>
    i === 0 ? `<=${decimal(edge)}` : `${decimal(edges[i - 1] as number)}-${decimal(edge)}`,
  );
  const last = edges.at(-1);
  intervals.push(last === undefined ? "any" : `>${decimal(last)}`);
  return [missingBin, ...(profile.hasZeroBin ? [zeroBin] : []), ...intervals];
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
export function createBinner(profile: ReferenceProfile) {
  const cellOf = profile.features.map((feature) => {
    if (feature.kind === "numeric") {
      const first = feature.hasZeroBin ? 2 : 1;
      const bins = feature.counts.length;
      const minimum = feature.minimum ?? Number.NEGATIVE_INFINITY;
      const maximum = feature.maximum ?? Number.POSITIVE_INFINITY;
      return (customer: Customer) => {
        // The reference was made from float32 values.
        const value = Math.fround(amountOf(customer, feature.name));
        if (Number.isNaN(value)) return 0;
        if (value < minimum) return bins;
        if (value > maximum) return bins + 1;
        return feature.hasZeroBin && value === 0 ? 1 : first + intervalOf(feature.edges, value);
      };
    }
    const bins = new Map(feature.levels.map((level, i) => [level, i + 1]));
    const seen = new Set(feature.seen);
    const other = feature.counts.length - 1;
    return (customer: Customer) => {
      const value = textOf(customer, feature.name);
      if (value === null) return 0;
      return bins.get(value) ?? (seen.has(value) ? other : other + 1);
    };
  });

  return {
    width: cellOf.length + 1,
    cells(customer: Customer, probability: number): Uint8Array {
      const cells = new Uint8Array(cellOf.length + 1);
      for (let f = 0; f < cellOf.length; f++) cells[f] = (cellOf[f] as (c: Customer) => number)(customer);
      cells[cellOf.length] = intervalOf(profile.score.edges, probability);
      return cells;
    },
  };
}

export type Binner = ReturnType<typeof createBinner>;

/** Cells of a feature: its bins and the two past them. */
export const cellCount = (profile: FeatureProfile): number => profile.counts.length + 2;

/** The bin of the profile that a cell counts towards: unseen categories are `other`, outliers the nearest interval. */
export function binOfCell(profile: FeatureProfile, cell: number): number {
  const bins = profile.counts.length;
  if (cell < bins) return cell;
  if (profile.kind === "categorical" || cell > bins) return bins - 1;
  return profile.hasZeroBin ? 2 : 1;
}
