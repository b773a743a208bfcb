import fc from "fast-check";

/** The part of JSON Schema that the API's description uses. */
export interface JsonSchema {
  type?: "object" | "array" | "string" | "number" | "integer" | "boolean" | "null";
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  enum?: unknown[];
  const?: unknown;
  format?: string;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  minimum?: number;
  maximum?: number;
}

const longText = 40;
const longArray = 5;

function text({ format, minLength = 0, maxLength = longText }: JsonSchema): fc.Arbitrary<string> {
  if (format === "date-time")
    return fc
      .date({ min: new Date(0), max: new Date(Date.UTC(2999, 0)), noInvalidDate: true })
      .map((time) => time.toISOString());
  return fc
    .oneof(
      { weight: 8, arbitrary: fc.string({ unit: "grapheme", minLength, maxLength: Math.min(maxLength, longText) }) },
      {
        weight: 1,
        arbitrary: fc.constantFrom("__proto__", "constructor", "\u0000", "\uFEFFa", "null", "'; --", "%00", "a\r\nb"),
      },
      { weight: 1, arbitrary: fc.constant("é".repeat(maxLength)) },
    )
    .filter(({ length }) => length >= minLength && length <= maxLength);
}

/** Values that a schema allows. */
export function fitting(schema: JsonSchema): fc.Arbitrary<unknown> {
  if ("const" in schema) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map(fitting));
  const { minimum = -1e9, maximum = 1e9 } = schema;
  switch (schema.type) {
    case "string":
      return text(schema);
    case "number":
      return fc.oneof(
        fc.integer({ min: Math.ceil(minimum), max: Math.min(maximum, 1e6) }),
        fc.double({ min: minimum, max: maximum, noNaN: true }),
      );
    case "integer":
      return fc.integer({ min: minimum, max: maximum });
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "array":
      return fc.array(fitting(schema.items ?? {}), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? longArray, longArray),
      });
    case "object":
      return fc.record(
        Object.fromEntries(Object.entries(schema.properties ?? {}).map(([name, part]) => [name, fitting(part)])),
        { requiredKeys: schema.required ?? [] },
      );
    default:
      return fc.jsonValue();
  }
}
