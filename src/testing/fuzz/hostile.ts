import fc from "fast-check";

/** JSON texts of values that are seldom asked for. */
export const hostileValue: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    "1e999",
    "-1e999",
    "1e-999",
    "-0",
    "9".repeat(400),
    `0.${"3".repeat(5000)}`,
    "18446744073709551616",
    "-1",
    "true",
    "null",
    "[]",
    "{}",
    '""',
    '"\\u0000"',
    '"\\ud800"',
    '"\\udfff\\ud800"',
    '"\\ufeff"',
    '"12"',
    '{"__proto__":{"isAdmin":true}}',
    '{"constructor":{"prototype":{"isAdmin":true}}}',
    '{"toString":1,"valueOf":2,"toJSON":3,"then":4}',
    `"${"x".repeat(300)}"`,
    `"${"\u{1F469}\u200D\u{1F469}".repeat(60)}"`,
  ),
  fc.integer({ min: 1, max: 2000 }).map((depth) => "[".repeat(depth) + "]".repeat(depth)),
  fc.integer({ min: 1, max: 2000 }).map((depth) => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`),
  fc.jsonValue().map((value) => JSON.stringify(value)),
);

/** Names that no schema has, some of which every object has. */
export const hostileKey: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    "__proto__",
    "constructor",
    "prototype",
    "toString",
    "hasOwnProperty",
    "then",
    "length",
    "",
    "0",
    "-1",
  ),
  fc.constantFrom("USER_ID", "user_id ", "\u0000", "\ud800", "a.b", "é", "churned[]", "$ref"),
  fc.string({ unit: "binary", maxLength: 12 }),
);

/** JSON texts that are none. */
export const damaged = (text: string): fc.Arbitrary<string> => {
  const at = fc.nat({ max: text.length });
  return fc.oneof(
    at.map((end) => text.slice(0, end)),
    fc
      .tuple(at, fc.constantFrom("{", "}", "[", ",", ":", '"', "\\", "\u0000", "/**/", "NaN", "\u2028", "'", "\uFEFF"))
      .map(([index, token]) => text.slice(0, index) + token + text.slice(index)),
    fc.constantFrom(
      `\uFEFF${text}`,
      `${text}${text}`,
      `${text}\n\n`,
      text.replace("{", '{"user_id":"twice","user_id":"once",'),
      text.replace("{", '{"__proto__":{"churned":1},'),
      text.replaceAll('"', "'"),
      "",
      " ",
      "NaN",
      "undefined",
      '"',
      "\u0000",
    ),
    fc.integer({ min: 1, max: 200_000 }).map((depth) => "[".repeat(depth)),
    fc.integer({ min: 1, max: 50_000 }).map((depth) => '{"a":'.repeat(depth)),
  );
};

const cell = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 20 }),
  fc.constantFrom(
    "0",
    "1",
    "true",
    "FALSE",
    "",
    "maybe",
    "2026-01-01T00:00:00Z",
    "1700000000000",
    "-1",
    "9".repeat(30),
  ),
  fc.constantFrom('"', '""', '"a', 'a"b', '"a""b"', '"a\nb"', "\u0000", "\uFEFF", "\r", "=1+1", "é", "\ud800"),
  fc.integer({ min: 1, max: 20_000 }).map((length) => "x".repeat(length)),
);
const header = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom("user_id,churned", "prediction_id,user_id,churned,observed_at", " User_ID ,CHURNED"),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "",
      "user_id",
      "churned,churned",
      "user_id;churned",
      "__proto__,churned",
      '"user_id","churned"',
      '"',
    ),
  },
);

/** CSV files, most of them with something wrong. */
export const hostileCsv: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom("", "", "\uFEFF", "\n", "\u0000"),
    header,
    fc.array(fc.array(cell, { minLength: 1, maxLength: 5 }), { maxLength: 8 }),
    fc.constantFrom("\n", "\r\n", "\r", "\n\n"),
    fc.constantFrom(",", ",", ",", ";", "\t"),
  )
  .map(([start, names, rows, newline, delimiter]) =>
    [start + names, ...rows.map((row) => row.join(delimiter))].join(newline),
  );
