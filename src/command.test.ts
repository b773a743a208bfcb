import { describe, expect, test } from "bun:test";
import { InvalidArgumentError } from "commander";
import { wholeNumberFrom } from "./command.ts";
import { runCommandFile } from "./testing/service-process.ts";

describe("an option that takes a whole number", () => {
  test.each<[string, number]>([
    ["0", 0],
    ["007", 7],
    ["2154048", 2_154_048],
    ["9007199254740991", Number.MAX_SAFE_INTEGER],
  ])("reads %p", (text, value) => expect(wholeNumberFrom(0)(text)).toBe(value));

  test.each(["", " ", "-1", "+1", "1.5", "1.0", "1e3", "0x10", "1_000", "many", "NaN", "Infinity", "9007199254740992"])(
    "refuses %p",
    (text) => expect(() => wholeNumberFrom(0)(text)).toThrow(InvalidArgumentError),
  );

  test("refuses what is below the least", () => {
    expect(wholeNumberFrom(2)("2")).toBe(2);
    expect(() => wholeNumberFrom(2)("1")).toThrow("expected a whole number from 2");
  });

  test.each([
    ["data/sample.ts", "--rows"],
    ["training/train.ts", "--rounds"],
    ["data/download.ts", "--timeout"],
    ["data/download.ts", "--backoff"],
  ])("is read alike by %s %s", async (file, option) => {
    const { code, stderr } = await runCommandFile(file, [option, "1e3"], {});
    expect([code, stderr]).toEqual([64, expect.stringContaining("expected a whole number from")]);
  });
});
