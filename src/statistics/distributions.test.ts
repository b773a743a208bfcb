import { expect, test } from "bun:test";
import fc from "fast-check";
import { binomialSurvival, regularizedBeta } from "./beta.ts";
import {
  chiSquareCdf,
  chiSquareQuantile,
  chiSquareSurvival,
  chiSquareUpperQuantile,
  kolmogorovSurvival,
  normalCdf,
  normalQuantile,
  normalTwoSided,
} from "./distributions.ts";
import { gammaLower, gammaUpper, logGamma } from "./gamma.ts";
import { expectClose, expectNear, golden } from "./golden.ts";

fc.configureGlobal({ seed: 20240229 });

const values = golden.distributions;

/** Each argument with its expected value, from two columns of golden.json. */
function pairs(columns: number[][]): [number, number][] {
  const [from = [], to = []] = columns;
  return from.map((argument, row) => [argument, to[row] as number]);
}

test("functions of one argument agree with scipy, in the far tails too", () => {
  for (const [x, expected] of pairs(values.logGamma)) expectNear(logGamma(x), expected, 1e-13);
  for (const [z, expected] of pairs(values.normalCdf)) expectClose(normalCdf(z), expected);
  for (const [p, expected] of pairs(values.normalQuantile)) expectNear(normalQuantile(p), expected, 1e-12);
  for (const [x, expected] of pairs(values.kolmogorovSurvival)) expectClose(kolmogorovSurvival(x), expected);
});

test("incomplete gamma and beta functions agree with scipy", () => {
  for (const [shape, x, lower, upper] of values.gamma as [number, number, number, number][]) {
    expectClose(gammaLower(shape, x), lower);
    expectClose(gammaUpper(shape, x), upper);
  }
  for (const [x, a, b, expected] of values.beta as [number, number, number, number][]) {
    expectClose(regularizedBeta(x, a, b), expected);
  }
  for (const [successes, trials, rate, expected] of values.binomialSurvival as [number, number, number, number][]) {
    expectClose(binomialSurvival(successes, trials, rate), expected);
  }
});

test("chi-square tails and quantiles agree with scipy from 1 to 2,000 degrees of freedom", () => {
  type Row = [number, number, number];
  for (const [x, degrees, expected] of values.chiSquareSurvival as Row[])
    expectClose(chiSquareSurvival(x, degrees), expected);
  for (const [p, degrees, expected] of values.chiSquareQuantile as Row[])
    expectClose(chiSquareQuantile(p, degrees), expected);
  for (const [tail, degrees, expected] of values.chiSquareUpperQuantile as Row[]) {
    expectClose(chiSquareUpperQuantile(tail, degrees), expected);
  }
});

test("a quantile is the inverse of its distribution", () => {
  const probability = fc.double({ min: 1e-12, max: 1 - 1e-12, noNaN: true });
  fc.assert(
    fc.property(probability, fc.double({ min: 0.5, max: 500, noNaN: true }), (p, degrees) => {
      expectNear(normalCdf(normalQuantile(p)), p);
      expectNear(chiSquareCdf(chiSquareQuantile(p, degrees), degrees), p);
      expectNear(chiSquareSurvival(chiSquareUpperQuantile(p, degrees), degrees), p);
    }),
  );
});

test("the ends of the ranges are exact and what is outside is NaN", () => {
  expect([normalQuantile(0), normalQuantile(1), normalQuantile(0.5)]).toEqual([-Infinity, Infinity, 0]);
  expect([normalCdf(-Infinity), normalCdf(Infinity), normalTwoSided(0)]).toEqual([0, 1, 1]);
  expect([chiSquareQuantile(0, 3), chiSquareQuantile(1, 3)]).toEqual([0, Infinity]);
  expect([chiSquareUpperQuantile(0, 3), chiSquareUpperQuantile(1, 3)]).toEqual([Infinity, 0]);
  expect([kolmogorovSurvival(0), kolmogorovSurvival(-1)]).toEqual([1, 1]);
  expect([binomialSurvival(0, 5, 0.1), binomialSurvival(6, 5, 0.1), regularizedBeta(1, 2, 3)]).toEqual([1, 0, 1]);
  const outside = [
    normalQuantile(-0.1),
    normalQuantile(Number.NaN),
    normalCdf(Number.NaN),
    chiSquareQuantile(0.5, 0),
    gammaLower(0, 1),
    gammaUpper(1, -1),
    logGamma(0),
    regularizedBeta(2, 1, 1),
    kolmogorovSurvival(Number.NaN),
    binomialSurvival(1, 5, 2),
  ];
  for (const value of outside) expect(value).toBeNaN();
});
