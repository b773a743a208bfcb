import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createLane } from "./lane.ts";

const refusals = { holding: 0, hold: 0, longest: 0 };
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("a lane", () => {
  test("lets in as many as its limit, the others in their order, and refuses at once when the line is full", async () => {
    const lane = createLane({ limit: 2, waiting: 3, patience: 10_000, ...refusals });
    const gate = Promise.withResolvers<void>();
    const begun: number[] = [];
    const outcomes = Array.from({ length: 7 }, (_, i) =>
      lane
        .run(async () => {
          begun.push(i);
          await gate.promise;
          return i;
        })
        .catch(({ code }) => code),
    );
    expect([begun, lane.length, lane.isFull]).toEqual([[0, 1], 3, true]);
    await expect(lane.check()).rejects.toThrow("3 requests are waiting already");
    expect(await Promise.all(outcomes.slice(5))).toEqual(["unavailable", "unavailable"]);
    gate.resolve();
    expect(await Promise.all(outcomes.slice(0, 5))).toEqual([0, 1, 2, 3, 4]);
    expect([begun, lane.length, lane.isFull]).toEqual([[0, 1, 2, 3, 4], 0, false]);
  });

  test("holds refusals back, as many as it may, so that who comes again at once costs little", async () => {
    const lane = createLane({ limit: 1, waiting: 0, patience: 10_000, holding: 2, hold: 30, longest: 60 });
    const gate = Promise.withResolvers<void>();
    const running = lane.run(() => gate.promise);
    const started = performance.now();
    const times = await Promise.all(
      [lane.check(), lane.run(async () => undefined), lane.check()].map((refused) =>
        refused.then(
          () => Number.NaN,
          () => performance.now() - started,
        ),
      ),
    );
    expect(times.map((time) => time >= 25)).toEqual([true, true, false]);
    gate.resolve();
    await running;
    await lane.check();
  });

  test("refuses those who have waited too long, each in its time, and no work of theirs is begun", async () => {
    const lane = createLane({ limit: 1, waiting: 10, patience: 30, ...refusals });
    const gate = Promise.withResolvers<void>();
    const running = lane.run(() => gate.promise);
    let begun = 0;
    const waiting = Array.from({ length: 3 }, () => lane.run(async () => void begun++));
    for (const outcome of await Promise.allSettled(waiting))
      expect(outcome).toMatchObject({ status: "rejected", reason: { code: "unavailable" } });
    expect([begun, lane.length]).toEqual([0, 0]);
    const next = lane.run(async () => "served");
    gate.resolve();
    await running;
    expect(await next).toBe("served");
  });

  test("never has more under way than its limit, loses nobody and is empty in the end, whatever fails", async () => {
    const works = fc.array(fc.record({ turns: fc.nat({ max: 4 }), fails: fc.boolean() }), { maxLength: 40 });
    const sizes = fc.record({ limit: fc.integer({ min: 1, max: 4 }), waiting: fc.nat({ max: 40 }) });
    const property = fc.asyncProperty(works, sizes, async (tasks, { limit, waiting }) => {
      const lane = createLane({ limit, waiting, patience: 10_000, ...refusals });
      let running = 0;
      const outcomes = await Promise.all(
        tasks.map(({ turns, fails }) =>
          lane
            .run(async () => {
              expect(++running).toBeLessThanOrEqual(limit);
              for (let i = 0; i < turns; i++) await turn();
              running--;
              if (fails) throw new Error("failed");
              return "done";
            })
            .catch((error) => error.code ?? error.message),
        ),
      );
      const refused = Math.max(0, tasks.length - limit - waiting);
      expect(outcomes).toEqual(
        tasks.map(({ fails }, i) => (i >= tasks.length - refused ? "unavailable" : fails ? "failed" : "done")),
      );
      expect([running, lane.length]).toEqual([0, 0]);
      expect(await lane.run(async () => "free")).toBe("free");
    });
    await fc.assert(property, { seed: 1, numRuns: 150 });
  });
});
