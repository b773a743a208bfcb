import { beforeAll, describe, expect, test } from "bun:test";
import type { Customer, LabelledCustomer } from "../customer.ts";
import calibration from "./calibration.json";
import { generate } from "./synthetic.ts";

let customers: LabelledCustomer[];

beforeAll(() => {
  customers = [...generate({ rows: 100_000, seed: 1 })];
}, 60_000);

const share = (rows: readonly LabelledCustomer[], has: (customer: Customer, churned: boolean) => boolean): number =>
  rows.reduce((count, { customer, churned }) => count + (has(customer, churned) ? 1 : 0), 0) / rows.length;

const difference = (a: number, b: number): number => Math.abs(a - b);

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
      for (const { customer } of customers)
        expect(new Set(group.map((name) => customer[name] === undefined)).size).toBe(1);
    }
  });

  test("keep the identities of the real ones", () => {
    for (const { customer } of customers) {
      if (typeof customer.revenue === "number") expect(customer.arpu_segment).toBe(Math.round(customer.revenue / 3));
      if (typeof customer.montant === "number") expect(customer.montant % 50).toBe(0);
    }
  });

  test("churn as often, and miss REGION with the same consequence", () => {
    expect(
      difference(
        share(customers, (_, churned) => churned),
        calibration.churnRate,
      ),
    ).toBeLessThan(0.004);
    const without = customers.filter(({ customer }) => customer.region === undefined);
    const others = customers.filter(({ customer }) => customer.region !== undefined);
    expect(
      difference(
        share(without, (_, churned) => churned),
        0.448,
      ),
    ).toBeLessThan(0.02);
    expect(
      difference(
        share(others, (_, churned) => churned),
        0.018,
      ),
    ).toBeLessThan(0.006);
  });

  test("miss every column about as often", () => {
    for (const [column, [stayed, churned]] of Object.entries(calibration.missing) as [string, [number, number]][]) {
      const expected = stayed * (1 - calibration.churnRate) + churned * calibration.churnRate;
      const name = column.toLowerCase() as keyof Customer;
      expect([
        column,
        difference(
          share(customers, (customer) => customer[name] === undefined),
          expected,
        ) < 0.03,
      ]).toEqual([column, true]);
    }
  });

  test("are active on as many days", () => {
    calibration.regularity.forEach((expected, i) => {
      expect(
        difference(
          share(customers, ({ regularity }) => regularity === i + 1),
          expected,
        ),
      ).toBeLessThan(0.01);
    });
  });

  test.each([
    ["region", calibration.region],
    ["tenure", calibration.tenure],
    ["top_pack", calibration.topPack],
  ] as const)("are as often of each %s, and churn there as often", (name, levels: Record<string, number[]>) => {
    const known = customers.filter(({ customer }) => customer[name] !== undefined);
    for (const [level, [expectedShare, expectedChurn]] of Object.entries(levels) as [string, [number, number]][]) {
      const rows = known.filter(({ customer }) => customer[name] === level);
      expect([level, difference(rows.length / known.length, expectedShare) < 0.005]).toEqual([level, true]);
      // Four standard errors, and a little for what the classes share out otherwise.
      const allowed = 0.003 + 4 * Math.sqrt((expectedChurn * (1 - expectedChurn)) / Math.max(1, rows.length));
      if (rows.length >= 500) {
        const churn = share(rows, (_, churned) => churned);
        expect([level, difference(churn, expectedChurn) < allowed]).toEqual([level, true]);
      }
    }
    const levelsSeen = new Set(known.map(({ customer }) => customer[name] as string));
    expect([...levelsSeen].filter((level) => !(level in levels))).toEqual([]);
  });

  test("have amounts near the published ones where they stay, and smaller ones where they churn", () => {
    const middle = calibration.quantileLevels.indexOf(0.5);
    for (const column of ["MONTANT", "FREQUENCE_RECH", "REVENUE", "FREQUENCE", "DATA_VOLUME", "ON_NET"] as const) {
      const name = column.toLowerCase() as "montant";
      const median = (label: boolean): number => {
        const values = customers.flatMap(({ customer, churned }) =>
          churned === label && typeof customer[name] === "number" ? [customer[name]] : [],
        );
        return values.sort((a, b) => a - b)[values.length >> 1] as number;
      };
      const ratio = median(false) / (calibration.quantiles[column][0]?.[middle] as number);
      // Larger than published: see what generate() says it does not capture.
      expect([column, ratio > 0.8 && ratio < 1.7]).toEqual([column, true]);
      expect(median(true)).toBeLessThan(median(false));
    }
  });
});
