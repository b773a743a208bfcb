import { z } from "zod";

interface FieldDefinition {
  /** Name in JSON; the column of the CSV or Parquet file is the same in upper case. */
  name: string;
  kind: "categorical" | "numeric";
  /** What people call it. */
  title: string;
  /** What it says, with its unit. Source: the data dictionary published with the Expresso data. */
  about: string;
  example: string | number | null;
}

/**
 * Every field of a customer that the model reads, once, in the order of the feature vector.
 * Amounts are for the 90 days before the observation; missing is a value of its own, never zero.
 */
export const fields = [
  { name: "region", kind: "categorical", title: "region", about: "where the customer lives", example: "DAKAR" },
  {
    name: "tenure",
    kind: "categorical",
    title: "time in the network",
    about: "time in the network, in bands of months",
    example: "K > 24 month",
  },
  { name: "montant", kind: "numeric", title: "top-up amount", about: "top-up amount (CFA francs)", example: 3600 },
  { name: "frequence_rech", kind: "numeric", title: "number of top-ups", about: "number of top-ups", example: 12 },
  { name: "revenue", kind: "numeric", title: "income", about: "income from the customer (CFA francs)", example: 3750 },
  {
    name: "arpu_segment",
    kind: "numeric",
    title: "monthly income",
    about: "income over 90 days divided by 3 (CFA francs a month)",
    example: 1250,
  },
  {
    name: "frequence",
    kind: "numeric",
    title: "number of incomes",
    about: "number of times the customer made an income",
    example: 14,
  },
  { name: "data_volume", kind: "numeric", title: "data used", about: "data used (MB)", example: 820 },
  {
    name: "on_net",
    kind: "numeric",
    title: "minutes inside the network",
    about: "calls inside the network (minutes)",
    example: 96,
  },
  { name: "orange", kind: "numeric", title: "minutes to Orange", about: "calls to Orange (minutes)", example: 31 },
  { name: "tigo", kind: "numeric", title: "minutes to Tigo", about: "calls to Tigo (minutes)", example: 5 },
  { name: "zone1", kind: "numeric", title: "minutes to zone 1", about: "calls to zone 1 (minutes)", example: null },
  { name: "zone2", kind: "numeric", title: "minutes to zone 2", about: "calls to zone 2 (minutes)", example: null },
  {
    name: "regularity",
    kind: "numeric",
    title: "number of active days",
    about: "number of active days of the last 90 (1–62 in the data)",
    example: 41,
  },
  {
    name: "top_pack",
    kind: "categorical",
    title: "favourite pack",
    about: "the pack bought most often",
    example: "All-net 500F=2000F;5d",
  },
  {
    name: "freq_top_pack",
    kind: "numeric",
    title: "purchases of the favourite pack",
    about: "number of times that pack was bought",
    example: 6,
  },
] as const satisfies readonly FieldDefinition[];

type Field = (typeof fields)[number];
export type FieldName = Field["name"];
export type CategoricalName = Extract<Field, { kind: "categorical" }>["name"];
export type NumericName = Extract<Field, { kind: "numeric" }>["name"];

const titles = Object.fromEntries(fields.map(({ name, title }) => [name, title])) as Record<FieldName, string>;

export const fieldNames: readonly FieldName[] = fields.map((field) => field.name);
export const categoricalNames = fields.filter((field) => field.kind === "categorical").map((field) => field.name);
export const numericNames = fields.filter((field) => field.kind === "numeric").map((field) => field.name);

/** Columns of a labelled file. MRG is constant in the data: accepted, never read. */
export const userIdColumn = "USER_ID";
export const targetColumn = "CHURN";
export const ignoredColumns: readonly string[] = ["MRG"];
export const columnOf = (name: FieldName): string => name.toUpperCase();

export const maxTextLength = 200;
const maxFloat32 = 3.4028234663852886e38;

/** Text that can be stored and given back as it came: half a surrogate pair cannot. */
export const storableText = z
  .string()
  .max(maxTextLength)
  .refine((value) => value.isWellFormed(), "is not well-formed Unicode: half of a surrogate pair stands alone");
const text = storableText.nullish();
const amount = z.number().nonnegative().max(maxFloat32).nullish();

const fieldShape = Object.fromEntries(
  fields.map((field) => [
    field.name,
    (field.kind === "categorical" ? text : amount).meta({ description: field.about, example: field.example }),
  ]),
) as { [K in CategoricalName]: typeof text } & { [K in NumericName]: typeof amount };

/** The body of a prediction request. Absent, null and (for text) blank all mean: missing. */
export const customerSchema = z.strictObject({
  user_id: storableText.min(1).meta({
    description: "who this is; 40 hexadecimal digits in the Expresso data",
    example: "5f0c1d7e2ab94c6388e1f04b7d925a36c8e7b1f2",
  }),
  ...fieldShape,
  mrg: z
    .string()
    .max(maxTextLength)
    .nullish()
    .meta({ description: "accepted and ignored (constant in the data)", example: "NO" }),
});

export type Customer = z.output<typeof customerSchema>;

export interface LabelledCustomer {
  customer: Customer;
  churned: boolean;
}

/** The value of a categorical field, or null when it is missing: absent, null or blank. */
export function textOf(customer: Customer, name: CategoricalName): string | null {
  const value = customer[name];
  return value === undefined || value === null || value.trim() === "" ? null : value;
}

/** The value of a numeric field, or NaN when it is missing. */
export function amountOf(customer: Customer, name: NumericName): number {
  return customer[name] ?? Number.NaN;
}

/** A field in words, with its name where that is another: "region", "top-up amount (montant)". */
export function wordsOf(name: FieldName): string {
  return titles[name] === name ? name : `${titles[name]} (${name})`;
}

export const exampleCustomer: Customer = customerSchema.parse({
  user_id: "5f0c1d7e2ab94c6388e1f04b7d925a36c8e7b1f2",
  ...Object.fromEntries(fields.map((field) => [field.name, field.example])),
});
