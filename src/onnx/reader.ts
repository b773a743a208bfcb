import { AppError, messageOf } from "../errors.ts";
import { integersOf, readFields, textOf, type WireField } from "./wire.ts";

/** The type of a graph's input or output. */
export type ValueType =
  | {
      kind: "tensor";
      element: number /** Null for a size that is open. Undefined when no shape is declared. */;
      shape: (number | null)[] | undefined;
    }
  | { kind: "sequence" | "other" };

export interface Value {
  name: string;
  type: ValueType;
}

export interface GraphNode {
  operator: string;
  domain: string;
  inputs: string[];
  outputs: string[];
  attributes: Map<string, { integers: number[]; strings: string[] }>;
}

/** What an ONNX file says of itself. */
export interface OnnxDescription {
  producer: string;
  /** Version of every domain; the standard one is "". */
  opsets: Map<string, number>;
  metadata: Map<string, string>;
  /** Inputs that must be given: those without an initial value. */
  inputs: Value[];
  outputs: Value[];
  /** Nodes of the graph. */
  nodes: GraphNode[];
  /** Operators of the graph, of graphs inside nodes and of functions: `domain:operator`, without those that functions of the file define. */
  operators: Set<string>;
  /** Whether tensors are kept in other files. */
  hasExternalData: boolean;
}

const all = (fields: readonly WireField[], number: number): WireField[] =>
  fields.filter((field) => field.number === number);
const stringOf = (fields: readonly WireField[], number: number): string => {
  const found = all(fields, number).at(-1);
  return found ? textOf(found.bytes) : "";
};
const integerOf = (fields: readonly WireField[], number: number): number =>
  Number(all(fields, number).at(-1)?.integer ?? 0n);

/** The standard operators go by two names. */
const domainOf = (name: string): string => (name === "ai.onnx" ? "" : name);

/**
 * Reads what an ONNX file says of itself (onnx.proto3).
 * @throws AppError `invalid_data` for bytes that are no ONNX model.
 */
export function readModel(file: Uint8Array): OnnxDescription {
  try {
    const model = readFields(file);
    const graphs = all(model, 7);
    if (graphs.length !== 1 || all(model, 8).length === 0) throw new Error("it has no graph or names no operator set");
    const graph = readFields((graphs[0] as WireField).bytes);
    const found = { operators: new Set<string>(), hasExternalData: false };
    visitGraph(graph, found);
    const functions = all(model, 25).map(({ bytes }) => readFields(bytes));
    for (const body of functions) for (const { bytes } of all(body, 7)) visitNode(bytes, found);
    for (const body of functions) found.operators.delete(`${domainOf(stringOf(body, 10))}:${stringOf(body, 1)}`);
    const initial = new Set(all(graph, 5).map(({ bytes }) => stringOf(readFields(bytes), 8)));
    return {
      producer: stringOf(model, 2),
      opsets: new Map(
        all(model, 8).map(({ bytes }) => {
          const opset = readFields(bytes);
          return [domainOf(stringOf(opset, 1)), integerOf(opset, 2)];
        }),
      ),
      metadata: new Map(
        all(model, 14).map(({ bytes }) => {
          const entry = readFields(bytes);
          return [stringOf(entry, 1), stringOf(entry, 2)];
        }),
      ),
      inputs: all(graph, 11)
        .map(readValue)
        .filter(({ name }) => !initial.has(name)),
      outputs: all(graph, 12).map(readValue),
      nodes: all(graph, 1).map(({ bytes }) => readNode(bytes)),
      ...found,
    };
  } catch (error) {
    throw new AppError(
      "invalid_data",
      `it is no ONNX model (${messageOf(error)}): make one with the converter of the tool that trained it, such as skl2onnx or onnxmltools`,
      { cause: error },
    );
  }
}

function readValue({ bytes }: WireField): Value {
  const value = readFields(bytes);
  const type = all(value, 2)[0];
  return { name: stringOf(value, 1), type: type ? readType(readFields(type.bytes)) : { kind: "other" } };
}

function readType(type: WireField[]): ValueType {
  if (all(type, 4).length > 0) return { kind: "sequence" };
  const tensor = all(type, 1)[0];
  if (!tensor) return { kind: "other" };
  const content = readFields(tensor.bytes);
  const shape = all(content, 2)[0];
  return {
    kind: "tensor",
    element: integerOf(content, 1),
    shape:
      shape &&
      all(readFields(shape.bytes), 1).map(({ bytes }) => {
        const size = all(readFields(bytes), 1)[0];
        // Some writers mean an open size by 0 or less.
        return size && size.integer > 0n ? Number(size.integer) : null;
      }),
  };
}

function readNode(bytes: Uint8Array): GraphNode {
  const node = readFields(bytes);
  const names = (number: number) => all(node, number).map((name) => textOf(name.bytes));
  return {
    operator: stringOf(node, 4),
    domain: domainOf(stringOf(node, 7)),
    inputs: names(1),
    outputs: names(2),
    attributes: new Map(
      all(node, 5).map((field) => {
        const attribute = readFields(field.bytes);
        const strings = all(attribute, 9).map((value) => new TextDecoder().decode(value.bytes));
        return [stringOf(attribute, 1), { integers: integersOf(attribute, 8), strings }];
      }),
    ),
  };
}

interface Found {
  operators: Set<string>;
  hasExternalData: boolean;
}

function visitGraph(graph: readonly WireField[], found: Found): void {
  for (const { bytes } of all(graph, 1)) visitNode(bytes, found);
  for (const { bytes } of all(graph, 5)) visitTensor(bytes, found);
}

function visitNode(bytes: Uint8Array, found: Found): void {
  const node = readFields(bytes);
  found.operators.add(`${domainOf(stringOf(node, 7))}:${stringOf(node, 4)}`);
  for (const field of all(node, 5)) {
    const attribute = readFields(field.bytes);
    for (const number of [6, 11])
      for (const graph of all(attribute, number)) visitGraph(readFields(graph.bytes), found);
    for (const number of [5, 10]) for (const tensor of all(attribute, number)) visitTensor(tensor.bytes, found);
  }
}

const external = 1;
function visitTensor(bytes: Uint8Array, found: Found): void {
  const tensor = readFields(bytes);
  if (integerOf(tensor, 14) === external || all(tensor, 13).length > 0) found.hasExternalData = true;
}
