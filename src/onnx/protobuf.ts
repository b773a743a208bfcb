/** One field of a protobuf message, encoded. */
export type Field = Uint8Array;

const text = new TextEncoder();

function varint(value: number | bigint): number[] {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return bytes;
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let start = 0;
  for (const part of parts) {
    whole.set(part, start);
    start += part.length;
  }
  return whole;
}

const delimited = (number: number, content: Uint8Array): Field =>
  join([Uint8Array.from([...varint((number << 3) | 2), ...varint(content.length)]), content]);

const float32 = (values: readonly number[]): Uint8Array => {
  const view = new DataView(new ArrayBuffer(4 * values.length));
  values.forEach((value, i) => void view.setFloat32(4 * i, value, true));
  return new Uint8Array(view.buffer);
};

/** Wire encodings of protobuf fields by number: https://protobuf.dev/programming-guides/encoding. Repeated numbers are packed. */
export const field = {
  integer: (number: number, value: number): Field => Uint8Array.from([...varint(number << 3), ...varint(value)]),
  float: (number: number, value: number): Field => join([Uint8Array.from(varint((number << 3) | 5)), float32([value])]),
  string: (number: number, value: string): Field => delimited(number, text.encode(value)),
  bytes: delimited,
  message: (number: number, fields: readonly Field[]): Field => delimited(number, join(fields)),
  integers: (number: number, values: readonly number[]): Field =>
    delimited(number, Uint8Array.from(values.flatMap((value) => varint(value)))),
  floats: (number: number, values: readonly number[]): Field => delimited(number, float32(values)),
};

export const message = (fields: readonly Field[]): Uint8Array => join(fields);
