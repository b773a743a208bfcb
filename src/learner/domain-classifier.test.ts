import { describe, expect, test } from "bun:test";
import { createRandom } from "../statistics/random.ts";
import { domainAuc } from "./domain-classifier.ts";

const width = 4;
const random = createRandom(5);

/** Two columns that go together, two that do not. */
function draw(rows: number, link: (first: number) => number): { cells: Uint8Array; width: number } {
  const cells = new Uint8Array(rows * width);
  for (let row = 0; row < rows; row++) {
    const first = random.integer(6);
    cells.set([first, link(first), random.integer(5), random.integer(3)], row * width);
  }
  return { cells, width };
}

describe("the domain classifier", () => {
  test("cannot tell rows of one distribution apart", async () => {
    const auc = await domainAuc(
      draw(2000, (first) => first),
      draw(2000, (first) => first),
    );
    expect(Math.abs(auc - 0.5)).toBeLessThan(0.05);
  });

  test("sees fields that no longer go together though each looks as before", async () => {
    const auc = await domainAuc(
      draw(2000, (first) => first),
      draw(2000, () => random.integer(6)),
    );
    expect(auc).toBeGreaterThan(0.8);
  });

  test("gives NaN for a handful of rows", async () => {
    expect(await domainAuc(draw(3, Number), draw(2000, Number))).toBeNaN();
  });
});
