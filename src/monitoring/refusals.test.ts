import { expect, test } from "bun:test";
import { createRefusals, nothingRefused } from "./refusals.ts";

test("refusals are counted by reason from a time on, to the second, for a day", () => {
  let time = Date.UTC(2026, 0);
  const refusals = createRefusals(() => time);
  const start = time;
  refusals.add("negative");
  time += 400;
  refusals.add("wrong_type");
  time += 10_000;
  refusals.add("wrong_type");
  expect(refusals.since(start)).toEqual({
    count: 3,
    reason: "wrong_type",
    reasons: new Map([
      ["negative", 1],
      ["wrong_type", 2],
    ]),
  });
  expect(refusals.since(start + 5000)).toMatchObject({ count: 1, reason: "wrong_type" });
  expect(refusals.since(time + 5000)).toEqual(nothingRefused);
  time += 25 * 3_600_000;
  refusals.add("negative");
  expect(refusals.since(start)).toMatchObject({ count: 1, reason: "negative" });
});
