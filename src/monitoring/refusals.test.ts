import { expect, test } from "bun:test";
import { createRefusals } from "./refusals.ts";

test("refusals are counted from a time on, to the second, for a day", () => {
  let time = Date.UTC(2026, 0);
  const refusals = createRefusals(() => time);
  const start = time;
  refusals.add();
  time += 400;
  refusals.add();
  time += 10_000;
  refusals.add();
  expect([refusals.since(start), refusals.since(start + 5000), refusals.since(time + 5000)]).toEqual([3, 1, 0]);
  time += 25 * 3_600_000;
  refusals.add();
  expect(refusals.since(start)).toBe(1);
});
