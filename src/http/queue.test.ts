import { expect, test } from "bun:test";
import fc from "fast-check";
import { createQueue } from "./queue.ts";

test("a queue gives what an array gives, in any order of pushing and taking", () => {
  const steps = fc.array(fc.option(fc.nat(), { freq: 2 }), { maxLength: 200 });
  fc.assert(
    fc.property(steps, (pushed) => {
      const queue = createQueue<number>();
      const array: number[] = [];
      for (const item of pushed) {
        if (item === null) expect(queue.take()).toBe(array.shift() as number);
        else {
          queue.push(item);
          array.push(item);
        }
        expect([queue.head, queue.length]).toEqual([array[0], array.length]);
      }
    }),
    { seed: 1 },
  );
});
