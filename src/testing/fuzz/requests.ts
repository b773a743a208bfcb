import fc from "fast-check";
import type { Operation } from "./api.ts";
import { fitting } from "./fitting.ts";
import { damaged, hostileCsv, hostileKey, hostileValue } from "./hostile.ts";

/** One request of the fuzzer. */
export interface FuzzRequest {
  operation: Operation;
  /** What was done to it: `fitting` is a request that the description allows. */
  intent: "fitting" | "replaced" | "added" | "damaged" | "bytes" | "random" | "typed" | "csv" | "none";
  path: string;
  headers: Record<string, string>;
  body?: string | Uint8Array<ArrayBuffer>;
}

type Body = Pick<FuzzRequest, "intent" | "body"> & { type: string };

const json = "application/json";

const pathValue = fc
  .oneof(
    fc.uuid(),
    fc.constantFrom(
      "__proto__",
      "..%2f..%2fservice.db",
      "%00",
      "%ff",
      "%",
      "%2e%2e%2f",
      "a%0d%0ab",
      "%F0%9F%98%80",
      "none",
    ),
    fc.string({ unit: "binary", minLength: 1, maxLength: 20 }).map((text) => encodeURIComponent(text.toWellFormed())),
    fc.integer({ min: 1, max: 4000 }).map((length) => "x".repeat(length)),
  )
  .filter((text) => !/^(?:\.|%2e){1,2}$/i.test(text));

const queryOf = (names: readonly string[]): fc.Arbitrary<string> => {
  const name = names.length > 0 ? fc.oneof(fc.constantFrom(...names), hostileKey) : hostileKey;
  const value = fc.oneof(
    fc.constantFrom(
      "",
      "true",
      "false",
      "1",
      "-1",
      "hour",
      "30d",
      "drift",
      "2026-01-01T00:00:00Z",
      "9".repeat(15),
      "0",
      "\u0000",
    ),
    fc.string({ unit: "binary", maxLength: 70 }),
  );
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant("") },
    {
      weight: 1,
      arbitrary: fc
        .array(fc.tuple(name, value), { minLength: 1, maxLength: 3 })
        .map((pairs) => `?${new URLSearchParams(pairs)}`),
    },
  );
};

const headerValue = fc.string({ unit: "grapheme-ascii", maxLength: 300 }).map((text) => text.trim());
const headers = fc.record(
  {
    "x-request-id": headerValue,
    accept: fc.oneof(headerValue, fc.constantFrom("application/openmetrics-text", "*/*", "text/csv")),
    "accept-encoding": fc.constantFrom("gzip", "identity;q=0", "br;q=1.0, *;q=0.1"),
    "if-none-match": headerValue,
    traceparent: headerValue,
    cookie: headerValue,
  },
  { requiredKeys: [] },
);

/** Every place of a value, as keys from its root. */
function placesOf(value: unknown, place: string[] = []): string[][] {
  if (typeof value !== "object" || value === null) return [place];
  return [place, ...Object.entries(value).flatMap(([key, part]) => placesOf(part, [...place, key]))];
}

/** The JSON text of a value with one place replaced by another text. */
function withReplaced(value: unknown, [key, ...rest]: readonly string[], text: string): string {
  if (key === undefined) return text;
  const parts = Object.entries(value as object).map(([name, part]): [string, string] => [
    name,
    name === key ? withReplaced(part, rest, text) : JSON.stringify(part),
  ]);
  return Array.isArray(value)
    ? `[${parts.map(([, part]) => part).join(",")}]`
    : `{${parts.map(([name, part]) => `${JSON.stringify(name)}:${part}`).join(",")}}`;
}

function bodiesOf({ body, takesCsv }: Operation): fc.Arbitrary<Body> {
  if (!body) {
    const none: Body = { intent: "none", type: "" };
    return fc.oneof(
      { weight: 3, arbitrary: fc.constant(none) },
      {
        weight: 1,
        arbitrary: fc
          .constantFrom(json, "text/csv", "multipart/form-data; boundary=x")
          .map((type) => ({ ...none, type })),
      },
    );
  }
  const fits = fitting(body);
  const texts = fits.map((value) => JSON.stringify(value));
  const kinds: [number, fc.Arbitrary<Body>][] = [
    [6, texts.map((text) => ({ intent: "fitting", type: json, body: text }))],
    [
      6,
      fits.chain((value) =>
        fc.tuple(fc.constantFrom(...placesOf(value)), hostileValue).map(([place, text]) => ({
          intent: "replaced",
          type: json,
          body: withReplaced(value, place, text),
        })),
      ),
    ],
    [
      3,
      fc.tuple(texts, hostileKey, hostileValue).map(([text, key, value]) => ({
        intent: "added",
        type: json,
        body: text.replace("{", () => `{${JSON.stringify(key)}:${value}${text.startsWith("{}") ? "" : ","}`),
      })),
    ],
    [3, texts.chain(damaged).map((text) => ({ intent: "damaged", type: json, body: text }))],
    [
      1,
      fc.tuple(texts, fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 4 })).map(([text, index, noise]) => {
        const bytes = new TextEncoder().encode(text);
        bytes.set(noise.subarray(0, bytes.length), index % Math.max(1, bytes.length - noise.length));
        return { intent: "bytes", type: json, body: bytes };
      }),
    ],
    [1, fc.json().map((text) => ({ intent: "random", type: json, body: text }))],
    [
      1,
      fc
        .tuple(
          texts,
          fc.constantFrom(
            "",
            "text/plain",
            "application/xml",
            "application/json; charset=utf-16",
            "multipart/form-data",
            "application/problem+json",
            "a/b/c",
            "text/csv; header=present",
          ),
        )
        .map(([text, type]) => ({ intent: "typed", type, body: text })),
    ],
  ];
  if (takesCsv) kinds.push([12, hostileCsv.map((text) => ({ intent: "csv", type: "text/csv", body: text }))]);
  return fc.oneof(...kinds.map(([weight, arbitrary]) => ({ weight, arbitrary })));
}

function requestsFor(operation: Operation, keys: readonly string[]): fc.Arbitrary<FuzzRequest> {
  const authorization = fc.oneof(
    { weight: 20, arbitrary: fc.constant(`Bearer ${keys[0]}`) },
    {
      weight: 1,
      arbitrary: fc.constantFrom("", "Bearer", "Bearer wrong", "Basic YTpi", ...keys.map((key) => `Bearer ${key}`)),
    },
  );
  const parameters = operation.path.match(/\{[^}]+\}/g) ?? [];
  return fc
    .tuple(
      fc.array(pathValue, { minLength: parameters.length, maxLength: parameters.length }),
      queryOf(operation.query),
      headers,
      authorization,
      bodiesOf(operation),
    )
    .map(([values, query, others, key, { type, ...body }]) => ({
      operation,
      ...body,
      path: parameters.reduce((path, name, i) => path.replace(name, () => values[i] as string), operation.path) + query,
      headers: { ...others, ...(key && { authorization: key }), ...(type && { "content-type": type }) },
    }));
}

/** Requests to every operation; those that take a body come more often. */
export const requestsTo = (operations: readonly Operation[], keys: readonly string[]): fc.Arbitrary<FuzzRequest> =>
  fc.oneof(
    ...operations.map((operation) => ({ weight: operation.body ? 8 : 1, arbitrary: requestsFor(operation, keys) })),
  );
