import { beforeAll, describe, expect, test } from "bun:test";
import type { LabelledCustomer } from "../customer.ts";
import { generate } from "./synthetic.ts";
import { type ComparedStatistic, compareWithPublished } from "./synthetic-comparison.ts";

let customers: LabelledCustomer[];
let statistics: ComparedStatistic[];

beforeAll(() => {
  customers = [...generate({ rows: 200_000, seed: 1 })];
  statistics = compareWithPublished(customers);
}, 120_000);

/** Those of a kind that lie farther from the published figure than tolerated, or than so many tolerances. */
const beyond = (kind: string, tolerances = 1): string[] => {
  const ofKind = statistics.filter((statistic) => statistic.kind === kind);
  if (ofKind.length === 0) throw new Error(`nothing of kind ${kind} was compared`);
  return ofKind
    .filter(({ excess }) => !(excess <= tolerances))
    .map(({ name, published, found }) => `${name}: ${found.toPrecision(4)} for ${published.toPrecision(4)}`);
};

describe("synthetic customers", () => {
  test("are the same for the same seed, and others for another", () => {
    expect([...generate({ rows: 50, seed: 1 })]).toEqual(customers.slice(0, 50));
    expect([...generate({ rows: 1, seed: 2 })][0]?.customer.user_id).not.toBe(customers[0]?.customer.user_id as string);
  });

  test("have ids of 40 hexadecimal digits, each once", () => {
    expect(customers.every(({ customer }) => /^[0-9a-f]{40}$/.test(customer.user_id))).toBe(true);
    expect(new Set(customers.map(({ customer }) => customer.user_id)).size).toBe(customers.length);
  });

  test("miss together what the real ones miss together", () => {
    for (const group of [
      ["montant", "frequence_rech"],
      ["revenue", "arpu_segment", "frequence"],
      ["top_pack", "freq_top_pack"],
    ] as const) {
      const apart = customers.filter(
        ({ customer }) => new Set(group.map((name) => customer[name] === undefined)).size !== 1,
      );
      expect(apart).toEqual([]);
    }
  });

  test("have an ARPU_SEGMENT of a third of REVENUE, rounded, always", () => {
    const others = customers.filter(
      ({ customer: { revenue, arpu_segment: segment } }) =>
        typeof revenue === "number" && segment !== Math.round(revenue / 3),
    );
    expect(others).toEqual([]);
  });

  test("have whole amounts of the ranges of the real ones", () => {
    const [least, most] = [{ montant: 10, frequence_rech: 1, revenue: 1, frequence: 1, freq_top_pack: 1 }, 2e6];
    for (const { customer } of customers) {
      for (const [name, value] of Object.entries(customer)) {
        if (typeof value !== "number") continue;
        const from = (least as Record<string, number>)[name] ?? 0;
        if (!Number.isInteger(value) || value < from || value > most) throw new Error(`${name} is ${value}`);
      }
    }
  });

  test.each([
    "class rate",
    "missing",
    "quantiles",
    "zeros",
    "REGULARITY by value",
    "category shares",
    "churn by category",
    "churn by REGULARITY",
    "missing patterns",
    "churn by missing pattern",
    "Spearman",
    "Spearman within class",
    "identities",
  ])("have the published figures within tolerance: %s", (kind) => {
    expect(beyond(kind)).toEqual([]);
  });

  test("miss as often in either class, but for what the published rates themselves contradict", () => {
    expect(beyond("missing by class").filter((line) => !/^(ON_NET|TIGO) /.test(line))).toEqual([]);
    // Of these two the rates by class, from 2,352 rows, do not add up to the rate of the whole file, which is kept.
    expect(beyond("missing by class", 4)).toEqual([]);
  });
});
