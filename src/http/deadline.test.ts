import { expect, test } from "bun:test";
import { createDeadline } from "./deadline.ts";

const never = new Promise<never>(() => {});
const late = () => new Error("late");
/** Not `rejects`, which would wait for each in turn. */
const outcome = (work: Promise<unknown>): Promise<unknown> => work.catch((error: Error) => error.message);

test("gives what is done in time, its error too, and gives up each of the others in its own time", async () => {
  const milliseconds = 40;
  const within = createDeadline(milliseconds);
  expect(await within(Promise.resolve(1), late)).toBe(1);
  expect(await outcome(within(Promise.reject(new Error("broken")), late))).toBe("broken");

  const order: string[] = [];
  const begin = async (name: string, work: Promise<unknown>) => {
    const started = performance.now();
    const result = await outcome(within(work, late));
    order.push(name);
    return { result, isEarly: result === "late" && performance.now() - started < milliseconds };
  };
  const first = begin("first", never);
  const done = begin("done", Bun.sleep(5));
  await Bun.sleep(milliseconds / 2);
  const second = begin("second", never);
  expect(await Promise.all([first, done, second])).toEqual([
    { result: "late", isEarly: false },
    { result: undefined, isEarly: false },
    { result: "late", isEarly: false },
  ]);
  expect(order).toEqual(["done", "first", "second"]);
  // It watches again after nothing was left to watch.
  expect(await outcome(within(never, late))).toBe("late");
});
