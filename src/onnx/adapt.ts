import { constant, type ElementType, elementType, matrix, node, tensor } from "./nodes.ts";
import { type Field, field, message } from "./protobuf.ts";
import { readFields, textOf } from "./wire.ts";

/** How one column of the matrix `features` reaches a model: as it is, or looked up in a table. */
export type ColumnReading =
  /** `missing` stands where the column is NaN; NaN itself when it is not told. */
  | { kind: "value"; missing?: number | undefined }
  /** The column is an index into `entries`; the last one is for NaN. */
  | { kind: "numbers"; entries: readonly number[] }
  | { kind: "texts"; entries: readonly string[] };

export interface ColumnInput {
  /** The input of the model. */
  name: string;
  element: ElementType;
  /** Whether it is a vector instead of a matrix of one column. */
  isVector: boolean;
}

export interface Adaptation {
  /** In the order of the columns of `features`. */
  readings: readonly ColumnReading[];
  /** One matrix of all columns, or an input for each. */
  inputs: { matrix: { name: string; element: ElementType } } | { columns: readonly ColumnInput[] };
  /** The value of the model that has the probabilities. */
  scores: string;
  /** What the adapted model gives: the scores as they are (float, output `scores`), or one probability a row (`probability`). */
  output:
    | "scores"
    | {
        /** The column of the class; null when the scores are one number a row. */
        column: number | null;
        /** Applied to ln(p / (1 − p)); null to leave the probability as it is. */
        calibration: { slope: number; intercept: number } | null;
      };
  /** Added to the metadata of the file. */
  metadata: Readonly<Record<string, string>>;
}

/** The standard operators that are added exist as used from this version on. */
export const leastOpset = 9;
const opsetWhenAbsent = 17;
// Names of the model's own get this in front, so that none of them is one of ours.
export const prefix = "imported_";
/** Probabilities nearer to 0 or 1 count as this near: float32 knows no log-odds beyond. */
const nearest = 1e-6;

/**
 * Gives a model of another tool the signature that is served here: the float matrix `features` (NaN for missing) in,
 * `probability` (rows × 1) out. Its own nodes stay byte for byte what they are but for names; nodes
 * that no adapted output needs are left out (ZipMap, whose sequences of maps are no tensors).
 * @param file an ONNX model that readModel has read
 */
export function adaptModel(file: Uint8Array, adaptation: Adaptation): Uint8Array {
  const width = adaptation.readings.length;
  const model = readFields(file);
  const graph = readFields(model.find(({ number }) => number === 7)?.bytes ?? new Uint8Array());
  const isZipMap = (bytes: Uint8Array) =>
    readFields(bytes).some((part) => part.number === 4 && textOf(part.bytes) === "ZipMap");
  const own = graph.filter(({ number, bytes }) => kept.has(number) && !(number === 1 && isZipMap(bytes)));
  // Nodes stand in the order in which they run.
  const adapted = [
    matrix(11, "features", width),
    ...inputNodes(adaptation),
    ...own.map(({ number, bytes, raw }) => renameIn(graphRenames, number, bytes, raw)),
    ...outputNodes(adaptation),
  ];
  const hasStandard = model.some(
    ({ number, bytes }) =>
      number === 8 &&
      ["", "ai.onnx"].includes(
        readFields(bytes).reduce((domain, part) => (part.number === 1 ? textOf(part.bytes) : domain), ""),
      ),
  );
  return message([
    ...model.map(({ number, raw }) => (number === 7 ? field.message(7, adapted) : raw)),
    ...(hasStandard ? [] : [field.message(8, [field.string(1, ""), field.integer(2, opsetWhenAbsent)])]),
    ...Object.entries(adaptation.metadata).map(([key, value]) =>
      field.message(14, [field.string(1, key), field.string(2, value)]),
    ),
  ]);
}

/** Fields of GraphProto that stay: node, name, initializer, doc_string, sparse_initializer. */
const kept = new Set([1, 2, 5, 10, 15]);

/** By field number: whether it is a name of a value or node, or the kind of message that has such names. */
type Renames = { [number: number]: "name" | Renames };
const valueRenames: Renames = { 1: "name" };
const tensorRenames: Renames = { 8: "name" };
const attributeRenames: Renames = {};
const nodeRenames: Renames = { 1: "name", 2: "name", 3: "name", 5: attributeRenames };
const graphRenames: Renames = {
  1: nodeRenames,
  5: tensorRenames,
  11: valueRenames,
  12: valueRenames,
  13: valueRenames,
  15: { 1: tensorRenames },
};
attributeRenames[6] = graphRenames;
attributeRenames[11] = graphRenames;

function renameIn(renames: Renames, number: number, bytes: Uint8Array, raw: Uint8Array): Uint8Array {
  const what = renames[number];
  if (!what) return raw;
  // An empty name is an input that is left out.
  if (what === "name") return bytes.length === 0 ? raw : field.string(number, `${prefix}${textOf(bytes)}`);
  return field.bytes(
    number,
    message(readFields(bytes).map((part) => renameIn(what, part.number, part.bytes, part.raw))),
  );
}

const cast = (input: string, output: string, type: ElementType): Field => node("Cast", [input], output, [castTo(type)]);
const castTo = (type: ElementType): Field =>
  field.message(5, [field.string(1, "to"), field.integer(3, type), field.integer(20, 2)]);
const axis = (value: number): Field =>
  field.message(5, [field.string(1, "axis"), field.integer(3, value), field.integer(20, 2)]);

function inputNodes({ readings, inputs }: Adaptation): Field[] {
  if ("columns" in inputs)
    return readings.flatMap((reading, f) => {
      const { name, element, isVector } = inputs.columns[f] as ColumnInput;
      const column = `column_${f}`;
      const shaped = isVector ? `${column}_vector` : column;
      const given = reading.kind === "texts" ? elementType.string : elementType.float;
      return [
        ...columnNodes(reading, f),
        ...(isVector
          ? [constant(`${column}_shape`, "int64", [-1]), node("Reshape", [column, `${column}_shape`], shaped)]
          : []),
        element === given ? node("Identity", [shaped], `${prefix}${name}`) : cast(shaped, `${prefix}${name}`, element),
      ];
    });
  const { name, element } = inputs.matrix;
  const isAsItIs = readings.every((reading) => reading.kind === "value" && reading.missing === undefined);
  const columns = readings.map((_, f) => `column_${f}`);
  return [
    ...(isAsItIs
      ? [node("Identity", ["features"], "columns")]
      : [...readings.flatMap(columnNodes), node("Concat", columns, "columns", [axis(1)])]),
    element === elementType.float
      ? node("Identity", ["columns"], `${prefix}${name}`)
      : cast("columns", `${prefix}${name}`, element),
  ];
}

/** One column of `features` as the model reads it, rows × 1. */
function columnNodes(reading: ColumnReading, f: number): Field[] {
  const column = `column_${f}`;
  const [index, given] = [`${column}_index`, `${column}_given`];
  const picked = (output: string) => [
    constant(index, "int64", [f]),
    node("Gather", ["features", index], output, [axis(1)]),
  ];
  const filled = (value: number, output: string) => [
    ...picked(given),
    constant(`${column}_missing`, "float", [value]),
    node("IsNaN", [given], `${column}_is_missing`),
    node("Where", [`${column}_is_missing`, `${column}_missing`, given], output),
  ];
  if (reading.kind === "value") return reading.missing === undefined ? picked(column) : filled(reading.missing, column);
  const { entries } = reading;
  return [
    ...filled(entries.length - 1, `${column}_rank`),
    cast(`${column}_rank`, `${column}_entry`, elementType.int64),
    reading.kind === "texts"
      ? constant(`${column}_entries`, "string", reading.entries)
      : constant(`${column}_entries`, "float", reading.entries),
    node("Gather", [`${column}_entries`, `${column}_entry`], column, [axis(0)]),
  ];
}

function outputNodes({ scores, output }: Adaptation): Field[] {
  const own = `${prefix}${scores}`;
  if (output === "scores") return [cast(own, "scores", elementType.float), tensor(12, "scores", elementType.float)];
  const { column, calibration } = output;
  const chosen = calibration ? "uncalibrated" : "probability";
  return [
    cast(own, "scores", elementType.float),
    ...(column === null
      ? [constant("one_a_row", "int64", [-1, 1]), node("Reshape", ["scores", "one_a_row"], chosen)]
      : [constant("class", "int64", [column]), node("Gather", ["scores", "class"], chosen, [axis(1)])]),
    ...(calibration ? calibrationNodes(chosen, calibration) : []),
    matrix(12, "probability", 1),
  ];
}

const calibrationNodes = (input: string, { slope, intercept }: { slope: number; intercept: number }): Field[] => [
  constant("least", "float", [nearest]),
  constant("most", "float", [1 - nearest]),
  constant("one", "float", [1]),
  constant("slope", "float", [slope]),
  constant("intercept", "float", [intercept]),
  node("Max", [input, "least"], "bounded_below"),
  node("Min", ["bounded_below", "most"], "bounded"),
  node("Sub", ["one", "bounded"], "complement"),
  node("Div", ["bounded", "complement"], "odds"),
  node("Log", ["odds"], "log_odds"),
  node("Mul", ["log_odds", "slope"], "scaled_log_odds"),
  node("Add", ["scaled_log_odds", "intercept"], "calibrated_log_odds"),
  node("Sigmoid", ["calibrated_log_odds"], "probability"),
];

/** The log-odds of a probability as the calibration of an adapted model takes it. */
export function boundedLogOdds(probability: number): number {
  const bounded = Math.min(Math.max(probability, nearest), 1 - nearest);
  return Math.log(bounded / (1 - bounded));
}
