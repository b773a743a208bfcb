/** Tests only: what golden.json holds, and how near to it a value has to be. */
import { expect } from "bun:test";
import golden from "./golden.json";

export { golden };

/** Within `tolerance` of the expected value, relative to it where it is larger than 1. */
export function expectNear(actual: number, expected: number, tolerance = 1e-9): void {
  expect(Math.abs(actual - expected) / Math.max(1, Math.abs(expected))).toBeLessThanOrEqual(tolerance);
}

/** Within `tolerance` of the expected value in relation to it, however small it is. */
export function expectClose(actual: number, expected: number, tolerance = 1e-9): void {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(tolerance * Math.abs(expected));
}
