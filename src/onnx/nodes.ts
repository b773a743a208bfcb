import { type Field, field } from "./protobuf.ts";

/** Element types of tensors in onnx.proto3. */
export const elementType = {
  float: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  double: 11,
} as const;
export type ElementType = (typeof elementType)[keyof typeof elementType];

/** The name of an element type, also of one that is not in the list. */
export const elementName = (element: number): string =>
  Object.entries(elementType).find(([, number]) => number === element)?.[0] ?? `type ${element}`;

export const mlDomain = "ai.onnx.ml";

const attributeType = { integer: 2, string: 3, tensor: 4, floats: 6, integers: 7, strings: 8 } as const;

const attribute = (name: string, type: number, ...values: Field[]): Field =>
  field.message(5, [field.string(1, name), ...values, field.integer(20, type)]);
export const stringAttribute = (name: string, value: string) =>
  attribute(name, attributeType.string, field.string(4, value));
export const integerAttribute = (name: string, value: number) =>
  attribute(name, attributeType.integer, field.integer(3, value));
export const floatsAttribute = (name: string, values: readonly number[]) =>
  attribute(name, attributeType.floats, field.floats(7, values));
export const integersAttribute = (name: string, values: readonly number[]) =>
  attribute(name, attributeType.integers, field.integers(8, values));
export const stringsAttribute = (name: string, values: readonly string[]) =>
  attribute(name, attributeType.strings, ...values.map((value) => field.string(9, value)));

/** A node of a graph, as a field of GraphProto, with one output that also names it. */
export const node = (type: string, inputs: readonly string[], output: string, rest: readonly Field[] = []): Field =>
  field.message(1, [
    ...inputs.map((input) => field.string(1, input)),
    field.string(2, output),
    field.string(3, output),
    field.string(4, type),
    ...rest,
  ]);

const content: Record<"float" | "int64" | "string", (values: never) => Field[]> = {
  float: (values: readonly number[]) => [field.floats(4, values)],
  int64: (values: readonly number[]) => [field.integers(7, values)],
  string: (values: readonly string[]) => values.map((value) => field.string(6, value)),
};

/** A node that gives a vector. */
export function constant<T extends keyof typeof content>(
  name: string,
  type: T,
  values: T extends "string" ? readonly string[] : readonly number[],
): Field {
  const tensor = [
    field.integers(1, [values.length]),
    field.integer(2, elementType[type]),
    ...content[type](values as never),
  ];
  return node("Constant", [], name, [attribute("value", attributeType.tensor, field.message(5, tensor))]);
}

/** A value of a graph (11 input, 12 output): `rows` × columns. */
export const matrix = (
  number: 11 | 12,
  name: string,
  columns: number,
  type: ElementType = elementType.float,
): Field => {
  const dimensions = [field.message(1, [field.string(2, "rows")]), field.message(1, [field.integer(1, columns)])];
  const tensor = field.message(1, [field.integer(1, type), field.message(2, dimensions)]);
  return field.message(number, [field.string(1, name), field.message(2, [tensor])]);
};

/** A tensor of a graph of which only the type of its elements is told. */
export const tensor = (number: 11 | 12, name: string, type: ElementType): Field =>
  field.message(number, [field.string(1, name), field.message(2, [field.message(1, [field.integer(1, type)])])]);
