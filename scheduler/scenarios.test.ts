import { describe, expect, test } from "bun:test";
import { scenarioNames } from "../src/config.ts";
import { customerSchema, type LabelledCustomer } from "../src/customer.ts";
import { generate } from "../src/data/synthetic.ts";
import { createRandom } from "../src/statistics/random.ts";
import { isInBurst } from "./bursts.ts";
import { disturbedFields, scenarios } from "./scenarios.ts";

const customers = [...generate({ rows: 5000, seed: 4 })];
const minute = 60_000;
const run = 1;
/** A moment within the first burst, and one outside of all. */
const whenever = Array.from({ length: 3600 }, (_, seconds) => seconds * 1000);
const [inBurst, calm] = [true, false].map((wanted) =>
  whenever.find((elapsed) => isInBurst(elapsed, run) === wanted),
) as [number, number];

function play(name: (typeof scenarioNames)[number], elapsed: number, seed = 1): LabelledCustomer[] {
  const random = createRandom(seed);
  return customers.map((labelled) => scenarios[name](labelled, { elapsed, run }, random));
}
const share = (of: (i: number) => boolean, among: (i: number) => boolean = () => true): number => {
  const rows = customers.map((_, i) => i).filter(among);
  return rows.filter(of).length / rows.length;
};
const before = (i: number) => (customers[i] as LabelledCustomer).customer;

describe.each([...scenarioNames])("the scenario %s", (name) => {
  test("is the same for the same seed, gives valid customers, and changes the fields that it says and no other", () => {
    // What rises has risen after a minute.
    const elapsed = name === "anomalies" ? inBurst : minute;
    const played = play(name, elapsed);
    expect(play(name, elapsed)).toEqual(played);
    const changed = new Set<string>();
    played.forEach(({ customer }, i) => {
      expect(customerSchema.safeParse(customer).success).toBe(true);
      const old = before(i) as Record<string, unknown>;
      for (const [field, value] of Object.entries(customer)) if (value !== old[field]) changed.add(field);
    });
    expect([...changed].sort()).toEqual([...disturbedFields[name]].sort());
  });
});

test("price-rise makes every amount one and a half times as large, and leaves what is missing", () => {
  play("price-rise", 0).forEach(({ customer }, i) => {
    for (const name of ["montant", "revenue", "arpu_segment"] as const) {
      const old = before(i)[name];
      expect(customer[name] ?? null).toBe(old === null || old === undefined ? null : 1.5 * old);
    }
  });
});

test("region-outage hides two regions in five, feed-break all data, new-packs sells one in seven a pack that nobody knew", () => {
  const outage = play("region-outage", 0);
  const had = (i: number) => Boolean(before(i).region);
  expect(share((i) => outage[i]?.customer.region === null, had)).toBeCloseTo(0.4, 1);
  const broken = play("feed-break", 0);
  expect(share((i) => !broken[i]?.customer.data_volume)).toBe(1);
  const packs = play("new-packs", 0);
  const known = new Set(customers.map(({ customer }) => customer.top_pack ?? null));
  expect(share((i) => !known.has(packs[i]?.customer.top_pack ?? null))).toBeCloseTo(0.15, 1);
});

test("seasonal rises and falls by a tenth in a day, slow-drift by a hundredth in a minute", () => {
  const factor = (name: "seasonal" | "slow-drift", elapsed: number): number => {
    const at = customers.findIndex(({ customer }) => (customer.on_net ?? 0) > 0);
    return (play(name, elapsed)[at]?.customer.on_net as number) / (before(at).on_net as number);
  };
  expect([0, 6, 12, 18].map((hours) => Number(factor("seasonal", hours * 60 * minute).toFixed(9)))).toEqual([
    1, 1.1, 1, 0.9,
  ]);
  expect(factor("slow-drift", 10 * minute)).toBeCloseTo(1.1, 9);
});

test("anomalies come in bursts, to a third of the customers", () => {
  const hit = (elapsed: number) => {
    const played = play("anomalies", elapsed);
    return share(
      (i) => (played[i]?.customer.on_net as number) >= 10 * (before(i).on_net as number),
      (i) => (before(i).on_net ?? 0) > 0,
    );
  };
  expect(hit(inBurst)).toBeCloseTo(1 / 3, 1);
  expect(hit(calm)).toBe(0);
});

test("concept turns the labels of a part of the customers around, and changes nothing of what they are", () => {
  const played = play("concept", 0);
  const isTurned = (i: number) => played[i]?.churned !== customers[i]?.churned;
  const isOfSegment = (i: number) => (before(i).regularity ?? 0) >= 30 && (before(i).on_net ?? 0) < 30;
  expect([share(isTurned, isOfSegment), share(isTurned, (i) => !isOfSegment(i))]).toEqual([1, 0]);
  expect(played.map(({ customer }) => customer)).toEqual(customers.map(({ customer }) => customer));
});
