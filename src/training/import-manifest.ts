import { z } from "zod";
import { fieldNames } from "../customer.ts";
import { AppError } from "../errors.ts";

/**
 * How a column of an imported model is read. All but `name` may be left out.
 *
 * | | number | category into a number input | category into a text input |
 * |---|---|---|---|
 * | `missing` | what stands for missing; null (default): NaN | the same | the text for missing; default "" |
 * | `codes` | – | the number of every level; default: ranks by churn rate, as `bun run train` makes them | – |
 * | `levels` | – | – | the levels that the model knows; default: all of the data |
 * | `other` | – | the number for any other level; default: as missing | the text for it; default `__other__` |
 */
const columnSchema = z.strictObject({
  name: z.preprocess((name) => (typeof name === "string" ? name.toLowerCase() : name), z.enum(fieldNames)),
  /** The input of the model, when each column has one; default: the name, in any case. */
  input: z.string().optional(),
  missing: z.union([z.number(), z.string(), z.null()]).optional(),
  codes: z.record(z.string(), z.number()).optional(),
  levels: z.array(z.string()).optional(),
  other: z.union([z.number(), z.string()]).optional(),
});

/** What an ONNX file does not say of itself: the manifest of `bun run model:import`. Everything has a default. */
const importManifestSchema = z.strictObject({
  /** The columns of the matrix in their order, or the inputs; default: all fields in the order of customer.ts. */
  columns: z.array(columnSchema).min(1).optional(),
  /** The output with the probabilities; default: the only one of real numbers, or the one called so. */
  probabilities: z.string().optional(),
  /** The label of those who churned, or its column when the file has no labels; default: 1. */
  churn_class: z.union([z.string(), z.number()]).optional(),
  /** Whether to calibrate on the validation rows, as training does; default: true. */
  calibrate: z.boolean().optional(),
  /** Probability from which a customer is called a churner; default: the best F1 on validation. */
  threshold: z.number().gt(0).lt(1).optional(),
});

export type ImportManifest = z.output<typeof importManifestSchema>;
export type ImportColumn = z.output<typeof columnSchema>;

/** @throws AppError `invalid_data` that says where and what is wrong */
export function parseImportManifest(text: string, file: string): ImportManifest {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw new AppError("invalid_data", `${file} is no JSON: ${String(error)}`, { cause: error });
  }
  const parsed = importManifestSchema.safeParse(content);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new AppError("invalid_data", `${file}, ${issue?.path.join(".") || "at the top"}: ${issue?.message}`);
}
