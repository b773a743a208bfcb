import { amountOf, type Customer, textOf } from "../customer.ts";
import type { CustomerTable } from "../data/table.ts";
import type { FeatureEncoding } from "./manifest.ts";

/** Writes a customer's feature vector at an offset; NaN is missing. */
export type Encoder = (customer: Customer, into: Float32Array, offset: number) => void;

/** The code of every level that the model knows. */
export const levelCodes = (encoding: Extract<FeatureEncoding, { kind: "categorical" }>): Map<string, number> => {
  const codes = encoding.levels.map((level, code): [string, number] => [
    level,
    code < encoding.other ? code : code + 1,
  ]);
  return new Map(codes);
};

/** The reader of customers for a model's features, in their order. */
export function createEncoder(features: readonly FeatureEncoding[]): Encoder {
  const readers = features.map((feature) => {
    if (feature.kind === "numeric") return (customer: Customer) => amountOf(customer, feature.name);
    const codes = levelCodes(feature);
    return (customer: Customer) => {
      const value = textOf(customer, feature.name);
      return value === null ? Number.NaN : (codes.get(value) ?? feature.other);
    };
  });
  return (customer, into, offset) => {
    for (let f = 0; f < readers.length; f++) into[offset + f] = (readers[f] as (c: Customer) => number)(customer);
  };
}

/** The feature matrix of a table by column: numeric columns as they are, categories as codes, NaN for missing. */
export function encodeTable(features: readonly FeatureEncoding[], table: CustomerTable): Float32Array[] {
  return features.map((feature) => {
    if (feature.kind === "numeric") return table.numeric[feature.name];
    const column = table.categorical[feature.name];
    const known = levelCodes(feature);
    const codes = column.levels.map((level) => known.get(level) ?? feature.other);
    // Not `from`, which would put all values into a list first.
    const values = new Float32Array(table.rows);
    for (let row = 0; row < table.rows; row++) {
      const code = column.codes[row] as number;
      values[row] = code < 0 ? Number.NaN : (codes[code] as number);
    }
    return values;
  });
}
