import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { onnx } from "onnx-proto";
import { field, message } from "./protobuf.ts";

/** Field numbers of AttributeProto, which has a field of every kind. */
const number = { name: 1, float: 2, integer: 3, floats: 7, integers: 8, strings: 9 } as const;
const decode = (...fields: Uint8Array[]) => onnx.AttributeProto.decode(message(fields));

describe("a protobuf message", () => {
  test.each([0, 1, 127, 128, 16_383, 16_384, 2 ** 31 - 1, 2 ** 31, 2 ** 32, Number.MAX_SAFE_INTEGER, -1, -(2 ** 40)])(
    "holds the integer %d",
    (value) => {
      expect(Number(decode(field.integer(number.integer, value)).i)).toBe(value);
    },
  );

  test("is read back by another implementation as it was written", () => {
    const float = fc.float({ noNaN: true });
    fc.assert(
      fc.property(
        fc.array(fc.maxSafeInteger(), { maxLength: 40 }),
        fc.array(float, { maxLength: 40 }),
        fc.array(fc.string({ unit: "grapheme" }), { maxLength: 5 }),
        float,
        (integers, floats, strings, single) => {
          const decoded = decode(
            field.string(number.name, strings.join("/")),
            field.float(number.float, single),
            field.integers(number.integers, integers),
            field.floats(number.floats, floats),
            ...strings.map((text) => field.string(number.strings, text)),
          );
          expect(decoded.name).toBe(strings.join("/"));
          expect(decoded.f).toBe(single);
          expect(decoded.ints.map(Number)).toEqual(integers);
          expect(decoded.floats).toEqual(floats);
          expect(decoded.strings.map((bytes) => new TextDecoder().decode(bytes))).toEqual(strings);
        },
      ),
    );
  });

  test("holds a text longer than one byte can count", () => {
    const text = "λ".repeat(40_000);
    expect(decode(field.string(number.name, text)).name).toBe(text);
  });
});
