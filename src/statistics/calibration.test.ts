import { expect, test } from "bun:test";
import fc from "fast-check";
import { fitPlatt, logistic } from "./calibration.ts";
import { expectNear, golden } from "./golden.ts";
import { fitIsotonic, isotonicProbability } from "./isotonic.ts";

fc.configureGlobal({ seed: 20240229 });

const { calibration } = golden;
const scores = Float64Array.from(calibration.scores);
const labels = Uint8Array.from(calibration.labels);
const weights = Float64Array.from(calibration.weights);

function expectPlatt(found: { slope: number; intercept: number }, [slope = 0, intercept = 0]: number[]): void {
  expectNear(found.slope, slope);
  expectNear(found.intercept, intercept);
}

test("Platt scaling finds the maximum that scipy finds, with weights and on separable scores", () => {
  expectPlatt(fitPlatt(scores, labels), calibration.platt);
  expectPlatt(fitPlatt(scores, labels, weights), calibration.plattWeighted);
  expectPlatt(fitPlatt(Float64Array.of(-3, -2, -1, 2, 5), Uint8Array.of(0, 0, 0, 1, 1)), calibration.plattSeparable);
});

test("a weight of 2 is the row twice", () => {
  const twice = fitPlatt(Float64Array.of(...scores, ...scores), Uint8Array.of(...labels, ...labels));
  expectPlatt(
    fitPlatt(
      scores,
      labels,
      scores.map(() => 2),
    ),
    [twice.slope, twice.intercept],
  );
});

test("Platt scaling undoes any shift and scale of the scores", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.001, max: 1000, noNaN: true }),
      fc.double({ min: -1000, max: 1000, noNaN: true }),
      (scale, shift) => {
        const { slope, intercept } = fitPlatt(
          scores.map((score) => score * scale + shift),
          labels,
        );
        expectNear(slope * scale, calibration.platt[0] as number, 1e-7);
        expectNear(slope * shift + intercept, calibration.platt[1] as number, 1e-7);
      },
    ),
    { numRuns: 30 },
  );
});

test("Platt scaling of equal scores or one class is flat or finite, of nothing NaN", () => {
  const flat = fitPlatt(new Float64Array(9).fill(4), Uint8Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1));
  expect(flat.slope).toBe(0);
  expectNear(logistic(flat.intercept), (3 * (4 / 5) + 6 / 8) / 9);
  const oneClass = fitPlatt(Float64Array.of(1, 2, 3), Uint8Array.of(1, 1, 1));
  expectNear(logistic(2 * oneClass.slope + oneClass.intercept), 4 / 5);
  expect(fitPlatt(new Float64Array(), new Uint8Array())).toEqual({ slope: Number.NaN, intercept: Number.NaN });
  expect(fitPlatt(Float64Array.of(1, Number.NaN), Uint8Array.of(1, 0)).slope).toBeNaN();
  expect(
    fitPlatt(
      scores,
      labels,
      scores.map(() => 0),
    ).slope,
  ).toBeNaN();
  expect(() => fitPlatt(scores, labels.slice(1))).toThrow(RangeError);
});

test("the logistic function neither overflows nor loses its symmetry", () => {
  expect([logistic(-1000), logistic(0), logistic(1000)]).toEqual([0, 0.5, 1]);
  fc.assert(
    fc.property(fc.double({ min: -700, max: 700, noNaN: true }), (x) =>
      expectNear(logistic(x) + logistic(-x), 1, 1e-15),
    ),
  );
});

test("isotonic regression agrees with scikit-learn, with ties and weights", () => {
  const smooth = fitIsotonic(scores, labels);
  const tied = fitIsotonic(scores.map(Math.round), labels, weights);
  calibration.at.forEach((score, index) => {
    expectNear(isotonicProbability(smooth, score), calibration.isotonic[index] as number);
    expectNear(isotonicProbability(tied, score), calibration.isotonicTied[index] as number);
  });
});

test("the isotonic map never falls, stays in 0 … 1 and keeps the mean of the labels", () => {
  const rows = fc.array(fc.tuple(fc.integer({ min: -9, max: 9 }), fc.nat(1)), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(rows, (pairs) => {
      const x = Float64Array.from(pairs, (pair) => pair[0]);
      const y = Uint8Array.from(pairs, (pair) => pair[1]);
      const map = fitIsotonic(x, y);
      const fitted = x.toSorted().map((score) => isotonicProbability(map, score));
      expect(fitted).toEqual(fitted.toSorted());
      expect(fitted[0]).toBeGreaterThanOrEqual(0);
      expect(fitted.at(-1)).toBeLessThanOrEqual(1);
      const sum = (values: Float64Array | Uint8Array) => Array.from(values).reduce((total, value) => total + value, 0);
      expectNear(sum(fitted), sum(y));
    }),
  );
});

test("an isotonic map of nothing, or asked about NaN, answers NaN", () => {
  expect(isotonicProbability(fitIsotonic(new Float64Array(), new Uint8Array()), 1)).toBeNaN();
  expect(isotonicProbability(fitIsotonic(Float64Array.of(1, Number.NaN), Uint8Array.of(0, 1)), 1)).toBeNaN();
  expect(isotonicProbability(fitIsotonic(scores, labels), Number.NaN)).toBeNaN();
});
