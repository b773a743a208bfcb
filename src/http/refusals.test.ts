import { describe, expect, test } from "bun:test";
import { poll } from "../testing/service-process.ts";
import { createRefusals, type RefusalsOptions } from "./refusals.ts";

/** Refusals, and the names of those that were given. */
function createRecorded(options: Partial<RefusalsOptions>) {
  const refusals = createRefusals({
    holding: 1000,
    hold: 0,
    longest: 60_000,
    isAwaited: () => true,
    ...options,
  });
  const given: string[] = [];
  return {
    given,
    answered: refusals.answered,
    add: (name: string, hasWaited = false) => refusals.add(() => given.push(name), hasWaited),
  };
}

describe("refusals", () => {
  test("are given for each four answers while answers are awaited, first to who has waited", () => {
    const { given, answered, add } = createRecorded({ hold: 1000 });
    for (const name of ["a", "b"]) add(name, true);
    add("fresh");
    add("c", true);
    for (let i = 0; i < 7; i++) answered();
    expect(given).toEqual(["a"]);
    answered();
    expect(given).toEqual(["a", "b"]);
    for (let i = 0; i < 8; i++) answered();
    expect(given).toEqual(["a", "b", "c"]);
  });

  test("do not save up answers that were given before", () => {
    const { given, answered, add } = createRecorded({ hold: 1000 });
    for (let i = 0; i < 100; i++) answered();
    for (const name of ["a", "b", "c"]) add(name, true);
    for (let i = 0; i < 4; i++) answered();
    expect(given).toEqual(["a"]);
  });

  test("are all given when nobody waits for answers, or answers have ceased, in groups that leave room between", async () => {
    for (const options of [{ isAwaited: () => false }, { hold: 20 }]) {
      const { given, answered, add } = createRecorded(options);
      answered();
      const names = Array.from({ length: 100 }, (_, i) => String(i));
      for (const name of names) add(name);
      expect(given).toEqual([]);
      const between = new Set<number>();
      const watching = setInterval(() => between.add(given.length), 1);
      await poll(() => given.length === names.length || undefined);
      clearInterval(watching);
      expect([...between].some((count) => count > 0 && count < names.length)).toBe(true);
      expect(given).toEqual(names);
    }
  });

  test("are not held longer than the longest time, however much is awaited", async () => {
    const { given, answered, add } = createRecorded({ hold: 10_000, longest: 30 });
    answered();
    const started = performance.now();
    add("a", true);
    await poll(() => given.length || undefined);
    expect(performance.now() - started).toBeGreaterThanOrEqual(30);
  });

  test("beyond those that may be held are given at once", () => {
    const { given, add } = createRecorded({ holding: 1 });
    add("held", true);
    add("next", true);
    expect(given).toEqual(["next"]);
  });
});
