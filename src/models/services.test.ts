import { expect, test } from "bun:test";
import { servicesOf } from "./services.ts";

const use = (version: string, usedAt: number, rolledBackAt: number | null = null) => ({
  version,
  usedAt,
  rolledBackAt,
});

test("a version serves until the next one does", () => {
  expect(servicesOf([use("a", 10), use("b", 20)])).toEqual([
    { version: "a", from: 10, to: 20 },
    { version: "b", from: 20, to: null },
  ]);
});

test("a version that was rolled back leaves the service to the one before", () => {
  expect(servicesOf([use("a", 10), use("b", 20, 30), use("c", 40)])).toEqual([
    { version: "a", from: 10, to: 20 },
    { version: "b", from: 20, to: 30 },
    { version: "a", from: 30, to: 40 },
    { version: "c", from: 40, to: null },
  ]);
});

test("two rolled back one after the other, at the moment at which a third began", () => {
  expect(servicesOf([use("a", 10), use("b", 20, 40), use("c", 30, 30)])).toEqual([
    { version: "a", from: 10, to: 20 },
    { version: "b", from: 20, to: 30 },
    { version: "c", from: 30, to: 30 },
    { version: "b", from: 30, to: 40 },
    { version: "a", from: 40, to: null },
  ]);
});

test("nothing served while nothing was used", () => {
  expect(servicesOf([])).toEqual([]);
});
