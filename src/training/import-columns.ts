import { fields } from "../customer.ts";
import type { LabelledTable } from "../data/table.ts";
import { AppError } from "../errors.ts";
import { type FeatureEncoding, manifestSchema } from "../models/manifest.ts";
import type { Adaptation, ColumnInput, ColumnReading } from "../onnx/adapt.ts";
import { type ElementType, elementName, elementType } from "../onnx/nodes.ts";
import type { OnnxDescription, Value } from "../onnx/reader.ts";
import { fitEncoding } from "./encoding.ts";
import type { ImportColumn, ImportManifest } from "./import-manifest.ts";

/** How the fields of a customer become the inputs of a model. */
export interface ColumnPlan extends Pick<Adaptation, "readings" | "inputs"> {
  features: FeatureEncoding[];
}

const refuse = (message: string): never => {
  throw new AppError("invalid_data", message);
};
const numberTypes: readonly number[] = [elementType.float, elementType.double, elementType.int64, elementType.int32];

interface Input extends ColumnInput {
  /** Columns; null when that is open. */
  width: number | null;
}

function readInput({ name, type }: Value): Input {
  if (type.kind !== "tensor") return refuse(`input ${name} is no tensor`);
  const { element, shape } = type;
  if (element !== elementType.string && !numberTypes.includes(element))
    return refuse(`input ${name} is of ${elementName(element)}: float, double, int64, int32 or string can be fed`);
  if (shape && (shape.length < 1 || shape.length > 2))
    return refuse(`input ${name} has ${shape.length} dimensions: a matrix (rows, columns) is expected`);
  return {
    name,
    element: element as ElementType,
    isVector: shape?.length === 1,
    width: shape?.length === 1 ? 1 : (shape?.[1] ?? null),
  };
}

/**
 * Finds out how the fields are fed to a model, from its signature, the manifest and, where both say nothing, the data.
 * @param train the rows whose levels and churn rates are the defaults
 * @throws AppError `invalid_data` where the three do not fit together
 */
export function planColumns(model: OnnxDescription, manifest: ImportManifest, train: LabelledTable): ColumnPlan {
  const inputs = model.inputs.map(readInput);
  const [first] = inputs;
  if (!first) return refuse("the model has no inputs");
  const known = knownEncoding(model, manifest) ?? fitEncoding(train);
  const isMatrix = inputs.length === 1 && first.width !== 1;
  const columns = manifest.columns ?? (isMatrix ? known.map(({ name }) => ({ name })) : inputs.map(columnOfInput));
  const twice = columns.find(({ name }, i) => columns.findIndex((other) => other.name === name) < i);
  if (twice) return refuse(`column ${twice.name} is listed twice in the manifest`);
  const encodings = columns.map(
    ({ name }) => known.find((feature) => feature.name === name) ?? defaultEncoding(name, train),
  );
  if (isMatrix) {
    checkWidth(model, first, columns.length);
    if (first.element === elementType.string)
      return refuse(
        `input ${first.name} is a matrix of string: a matrix of float, or one input for each column, can be fed`,
      );
    const read = columns.map((column, f) => readColumn(column, encodings[f] as FeatureEncoding, first.element, train));
    return {
      features: read.map(({ feature }) => feature),
      readings: read.map(({ reading }) => reading),
      inputs: { matrix: { name: first.name, element: first.element } },
    };
  }
  const wide = inputs.find(({ width }) => width !== null && width !== 1);
  if (wide)
    return refuse(
      `the model has ${inputs.length} inputs, and ${wide.name} has ${wide.width} columns: one matrix, or one input for each column, can be fed`,
    );
  const matched = columns.map((column) => inputOf(column, inputs));
  const unfed = inputs.find((input) => !matched.includes(input));
  if (unfed) return refuse(`no column of the manifest is for the input ${unfed.name}`);
  const read = columns.map((column, f) =>
    readColumn(column, encodings[f] as FeatureEncoding, (matched[f] as Input).element, train),
  );
  return {
    features: read.map(({ feature }) => feature),
    readings: read.map(({ reading }) => reading),
    inputs: { columns: matched },
  };
}

/** The encoding that a model of `bun run train` says of itself. */
function knownEncoding({ metadata }: OnnxDescription, { columns }: ImportManifest): FeatureEncoding[] | null {
  const own = metadata.get("churnwatch.features");
  return own === undefined || columns ? null : manifestSchema.shape.features.parse(JSON.parse(own));
}

function defaultEncoding(name: FeatureEncoding["name"], train: LabelledTable): FeatureEncoding {
  return fitEncoding(train).find((feature) => feature.name === name) as FeatureEncoding;
}

function columnOfInput({ name: input }: Input): ImportColumn {
  const field = fields.find(({ name }) => name === input.toLowerCase());
  if (field) return { name: field.name, input };
  return refuse(
    `input ${input} is no field of a customer: say in the manifest which it is ({"columns":[{"name":"region","input":"${input}"}, …]})`,
  );
}

function inputOf({ name, input: told }: ImportColumn, inputs: readonly Input[]): Input {
  const found = inputs.find((input) => (told === undefined ? input.name.toLowerCase() === name : input.name === told));
  if (found) return found;
  return refuse(
    `the model has no input ${told ?? name} for column ${name}: its inputs are ${inputs.map((input) => input.name).join(", ")}`,
  );
}

function checkWidth({ nodes }: OnnxDescription, { name, width }: Input, columns: number): void {
  const hint = `name the model's columns in their order in a manifest ({"columns":[{"name":"region"}, …]}, given with --manifest)`;
  if (width !== null && width !== columns)
    refuse(`input ${name} has ${width} columns, and ${columns} would be fed: ${hint}`);
  for (const { operator, attributes } of nodes) {
    // Some runtimes read past the row for a feature that it does not have.
    const most = (attributes.get("nodes_featureids")?.integers ?? []).reduce((a, b) => Math.max(a, b), -1);
    if (operator.startsWith("TreeEnsemble") && most >= columns)
      refuse(`a tree asks for column ${most + 1}, and ${columns} would be fed: ${hint}`);
  }
}

function readColumn(
  column: ImportColumn,
  encoding: FeatureEncoding,
  element: ElementType,
  train: LabelledTable,
): { feature: FeatureEncoding; reading: ColumnReading } {
  const { name, missing, other, codes, levels } = column;
  const isWhole = element === elementType.int64 || element === elementType.int32;
  const forbid = (key: keyof ImportColumn, why: string) => {
    if (column[key] !== undefined) refuse(`column ${name} of the manifest has ${key}: ${why}`);
  };
  const numberOf = (key: "missing" | "other"): number => {
    const value = column[key];
    if (typeof value === "string")
      refuse(`column ${name} of the manifest: ${key} must be a number, the input is of numbers`);
    return typeof value === "number" ? value : Number.NaN;
  };
  const checkWhole = (value: number, what: string) => {
    if (isWhole && !Number.isInteger(value))
      refuse(
        `column ${name} goes into an input of whole numbers: say in the manifest with which number ${what} is meant`,
      );
  };
  if (encoding.kind === "numeric") {
    if (element === elementType.string) return refuse(`column ${name} is a number, and its input is of string`);
    for (const key of ["codes", "levels", "other"] as const) forbid(key, "it is a number");
    const value = numberOf("missing");
    checkWhole(value, "missing");
    return {
      feature: encoding,
      reading: { kind: "value", ...(typeof missing === "number" && { missing: value }) },
    };
  }
  if (element === elementType.string) {
    forbid("codes", "its input is of string, which takes levels");
    for (const key of ["missing", "other"] as const)
      if (typeof column[key] === "number")
        refuse(`column ${name} of the manifest: ${key} must be a text, the input is of string`);
    const known = levels ?? seenLevels(encoding.name, train);
    return {
      feature: { name: encoding.name, kind: "categorical", levels: known, other: known.length },
      reading: {
        kind: "texts",
        entries: [
          ...known,
          typeof other === "string" ? other : "__other__",
          typeof missing === "string" ? missing : "",
        ],
      },
    };
  }
  forbid("levels", "its input is of numbers, which takes codes");
  const forMissing = numberOf("missing");
  checkWhole(forMissing, "missing");
  if (!codes) {
    forbid("other", "that goes with codes");
    const ranks = Array.from({ length: encoding.levels.length + 1 }, (_, rank) => rank);
    const isRank = typeof missing !== "number";
    return {
      feature: encoding,
      reading: isRank ? { kind: "value" } : { kind: "numbers", entries: [...ranks, forMissing] },
    };
  }
  const forOther = typeof other === "number" ? other : numberOf("other");
  const forUnknown = other === undefined ? forMissing : forOther;
  checkWhole(forUnknown, "an unknown level");
  const known = Object.keys(codes);
  for (const level of known) checkWhole(codes[level] as number, `level ${level}`);
  return {
    feature: { name: encoding.name, kind: "categorical", levels: known, other: known.length },
    reading: { kind: "numbers", entries: [...Object.values(codes), forUnknown, forMissing] },
  };
}

/** The levels that occur in these rows. */
function seenLevels(name: keyof LabelledTable["categorical"], train: LabelledTable): string[] {
  const { levels, codes } = train.categorical[name];
  const seen = new Set(codes);
  return levels.filter((_, code) => seen.has(code));
}
