import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createReadStream, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "csv-parse";
import type { Customer, LabelledCustomer } from "../customer.ts";
import { temporaryFolder } from "../testing/service-process.ts";
import calibration from "./calibration.json";
import { writeSample } from "./sample.ts";
import { generate } from "./synthetic.ts";

const folder = temporaryFolder();
const file = join(folder.path, "raw", "sample.csv");
let customers: LabelledCustomer[];

beforeAll(() => {
  customers = [...generate({ rows: 100_000, seed: 1 })];
});
afterAll(() => folder.remove());

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

  test("are written as a CSV of the real file's shape, whole, with tabs in TOP_PACK", async () => {
    const rate = writeSample(file, { rows: 20_000, seed: 1 }, () => {});
    expect(readFileSync(file, "utf8").split("\n", 1)[0]).toBe(
      "user_id,REGION,TENURE,MONTANT,FREQUENCE_RECH,REVENUE,ARPU_SEGMENT,FREQUENCE,DATA_VOLUME,ON_NET,ORANGE,TIGO,ZONE1,ZONE2,MRG,REGULARITY,TOP_PACK,FREQ_TOP_PACK,CHURN",
    );
    let rows = 0;
    let churners = 0;
    let tabs = 0;
    for await (const record of createReadStream(file).pipe(parse({ columns: true })) as AsyncIterable<
      Record<string, string>
    >) {
      const { customer, churned } = customers[rows++] as LabelledCustomer;
      expect(record.user_id).toBe(customer.user_id);
      expect(record.TOP_PACK).toBe(customer.top_pack ?? "");
      expect(record.MONTANT).toBe(customer.montant === undefined ? "" : `${customer.montant}.0`);
      if (record.TOP_PACK?.includes("\t")) tabs++;
      churners += churned ? 1 : 0;
    }
    expect([rows, churners / rows]).toEqual([20_000, rate]);
    expect(tabs).toBeGreaterThan(0);
  });

  test("cannot be written where a folder cannot be made, and say so", () => {
    const blocked = join(folder.path, "a-file");
    writeFileSync(blocked, "");
    expect(() => writeSample(join(blocked, "sample.csv"), { rows: 1, seed: 1 }, () => {})).toThrow("--out");
    expect(existsSync(`${blocked}/sample.csv`)).toBe(false);
  });
});
