import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { field, message } from "./protobuf.ts";
import { readModel } from "./reader.ts";
import { integersOf, readFields, textOf } from "./wire.ts";

describe("the fields of a protobuf message", () => {
  test("are read as they were written, and their raw bytes make the same message again", () => {
    fc.assert(
      fc.property(
        fc.maxSafeInteger(),
        fc.string({ unit: "grapheme" }),
        fc.array(fc.maxSafeInteger(), { minLength: 1, maxLength: 20 }),
        fc.float({ noNaN: true }),
        (integer, text, integers, float) => {
          const written = message([
            field.integer(1, integer),
            field.string(2, text),
            field.integers(3, integers),
            field.float(4, float),
            field.integer(300, 7),
          ]);
          const fields = readFields(written);
          expect(fields.map(({ number }) => number)).toEqual([1, 2, 3, 4, 300]);
          expect(Number(fields[0]?.integer)).toBe(integer);
          expect(textOf(fields[1]?.bytes as Uint8Array)).toBe(text);
          expect(integersOf(fields, 3)).toEqual(integers);
          expect(message(fields.map(({ raw }) => raw))).toEqual(written);
        },
      ),
    );
  });

  test("are integers also when they are not packed", () => {
    const fields = readFields(message([field.integer(8, 3), field.integer(8, -1)]));
    expect(integersOf(fields, 8)).toEqual([3, -1]);
  });

  test("are never made up from bytes of another kind: a message, or an error", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          expect(message(readFields(bytes).map(({ raw }) => raw))).toEqual(bytes);
        } catch (error) {
          expect(String(error)).toMatch(/byte \d+: /);
        }
        expect(() => readModel(bytes)).toThrow("no ONNX model");
      }),
    );
  });
});
