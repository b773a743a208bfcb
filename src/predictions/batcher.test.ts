import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createBatcher } from "./batcher.ts";

const limits = { batchLimit: 10, queueLimit: 100 };

describe("the batcher", () => {
  test("runs together what arrives together, and gives each its own results in order", async () => {
    const batches: number[][] = [];
    const batcher = createBatcher<number, number>({
      ...limits,
      run(items) {
        batches.push(items);
        return items.map((item) => item * 2);
      },
    });
    expect(await Promise.all([[1, 2], [3], [4, 5, 6]].map((items) => batcher.submit(items)))).toEqual([
      [2, 4],
      [6],
      [8, 10, 12],
    ]);
    expect(batches).toEqual([[1, 2, 3, 4, 5, 6]]);
  });

  test("answers every request with its own results, whatever their sizes and the speed of the batches", async () => {
    const property = fc.asyncProperty(
      fc.array(fc.array(fc.integer(), { minLength: 1, maxLength: 8 }), { maxLength: 12 }),
      async (requests) => {
        const batcher = createBatcher<number, string>({
          ...limits,
          async run(items) {
            expect(items.length).toBeLessThanOrEqual(limits.batchLimit);
            await new Promise((resolve) => setImmediate(resolve));
            return items.map(String);
          },
        });
        const results = await Promise.all(requests.map((items) => batcher.submit(items)));
        expect(results).toEqual(requests.map((items) => items.map(String)));
        await batcher.idle();
        expect(batcher.length).toBe(0);
      },
    );
    await fc.assert(property, { seed: 1, numRuns: 100 });
  });

  test("fails the requests of a failed batch only, and goes on", async () => {
    let isBroken = true;
    const batcher = createBatcher<number, number>({
      ...limits,
      run(items) {
        if (isBroken) throw new Error("disk full");
        return items;
      },
    });
    await expect(batcher.submit([1])).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("disk full"),
    });
    isBroken = false;
    expect(await batcher.submit([2])).toEqual([2]);
  });

  test("refuses what would make the queue too long", async () => {
    const gate = Promise.withResolvers<void>();
    const batcher = createBatcher<number, number>({ ...limits, run: async (items) => gate.promise.then(() => items) });
    const accepted = Array.from({ length: 12 }, () =>
      batcher.submit(new Array<number>(10).fill(0)).catch((error) => error.code),
    );
    gate.resolve();
    expect((await Promise.all(accepted)).filter((result) => result === "unavailable")).toHaveLength(2);
  });
});
