/** One field of a protobuf message as it stands on the wire. */
export interface WireField {
  number: number;
  /** The content of a length-delimited field; empty for the others. */
  bytes: Uint8Array;
  /** The value of a varint as a 64-bit number with sign; 0 for the others. */
  integer: bigint;
  /** The whole field, tag included: what a copy of the message has. */
  raw: Uint8Array;
}

const text = new TextDecoder("utf-8", { fatal: true });

/**
 * The fields of a protobuf message, in their order. Source: https://protobuf.dev/programming-guides/encoding.
 * @throws Error where the bytes are no such message.
 */
export function readFields(message: Uint8Array): WireField[] {
  const fields: WireField[] = [];
  for (let at = 0; at < message.length; ) {
    const start = at;
    const tag = readVarint(message, at);
    at = tag.next;
    const number = Number(tag.value >> 3n);
    const wireType = Number(tag.value & 7n);
    if (number === 0) throw new Error(`byte ${start}: there is no field 0`);
    let bytes = new Uint8Array();
    let integer = 0n;
    if (wireType === 0) {
      const value = readVarint(message, at);
      integer = BigInt.asIntN(64, value.value);
      at = value.next;
    } else if (wireType === 1) at += 8;
    else if (wireType === 5) at += 4;
    else if (wireType === 2) {
      const length = readVarint(message, at);
      const end = length.next + Number(length.value);
      if (end > message.length) throw new Error(`byte ${start}: a field is longer than what is left`);
      bytes = message.subarray(length.next, end) as Uint8Array<ArrayBuffer>;
      at = end;
    } else throw new Error(`byte ${start}: there is no wire type ${wireType}`);
    if (at > message.length) throw new Error(`byte ${start}: the message ends within a field`);
    fields.push({ number, bytes, integer, raw: message.subarray(start, at) });
  }
  return fields;
}

function readVarint(bytes: Uint8Array, start: number): { value: bigint; next: number } {
  let value = 0n;
  for (let i = 0; i < 10; i++) {
    const byte = bytes[start + i];
    if (byte === undefined) throw new Error(`byte ${start}: the message ends within a number`);
    value |= BigInt(byte & 0x7f) << BigInt(7 * i);
    if (byte < 0x80) return { value, next: start + i + 1 };
  }
  throw new Error(`byte ${start}: a number has more than 64 bits`);
}

/** @throws Error for bytes that are no UTF-8 */
export const textOf = (bytes: Uint8Array): string => text.decode(bytes);

/** The integers of a repeated field, packed or one by one. */
export function integersOf(fields: readonly WireField[], number: number): number[] {
  return fields
    .filter((field) => field.number === number)
    .flatMap(({ bytes, integer }) => {
      if (bytes.length === 0) return [Number(integer)];
      const values: number[] = [];
      for (let at = 0; at < bytes.length; ) {
        const { value, next } = readVarint(bytes, at);
        values.push(Number(BigInt.asIntN(64, value)));
        at = next;
      }
      return values;
    });
}
