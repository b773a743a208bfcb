import { expect, test } from "bun:test";
import { beginning, clock, moment } from "./format.ts";

test("what began today has an hour, what began before has a day as well", () => {
  const now = Date.parse("2026-11-25T12:00:00Z");
  const lately = now - 3_600_000;
  const before = now - 86_400_000;
  expect(beginning(lately, now)).toBe(clock(lately));
  expect(beginning(before, now)).toBe(moment(before));
  expect(moment(before)).toContain("24");
});
