import type { CategoricalName, NumericName } from "../customer.ts";

/** A categorical column: `codes[row]` indexes `levels`, −1 is missing. */
export interface CategoricalColumn {
  levels: readonly string[];
  codes: Int32Array;
}

/** Customers by column. Numeric columns are float32 with NaN for missing, in the units of customer.ts. */
export interface CustomerTable {
  rows: number;
  numeric: Record<NumericName, Float32Array>;
  categorical: Record<CategoricalName, CategoricalColumn>;
}

/** Customers of whom it is known whether they churned (1) or stayed (0). */
export interface LabelledTable extends CustomerTable {
  churned: Uint8Array;
}
