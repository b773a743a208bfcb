import type { ScenarioName } from "../src/config.ts";
import type { Customer, FieldName, LabelledCustomer, NumericName } from "../src/customer.ts";
import type { Random } from "../src/statistics/random.ts";
import { isInBurst } from "./bursts.ts";

/** When in which run of a scenario a customer comes. */
export interface Moment {
  /** Time since the scenario began (milliseconds). */
  elapsed: number;
  /** An integer that tells one run from another, such as the time at which it began. */
  run: number;
}

/** Changes a replayed customer as a disturbance of the real world would. */
export type Scenario = (labelled: LabelledCustomer, moment: Moment, random: Random) => LabelledCustomer;

const money: readonly NumericName[] = ["montant", "revenue", "arpu_segment"];
const usage: readonly NumericName[] = ["data_volume", "on_net", "orange", "tigo", "zone1", "zone2"];

/** The fields that a scenario changes: those that an alarm about it should name. */
export const disturbedFields: Record<ScenarioName, readonly FieldName[]> = {
  none: [],
  "price-rise": money,
  "region-outage": ["region"],
  "feed-break": ["data_volume"],
  "new-packs": ["top_pack"],
  "unit-change": ["data_volume"],
  seasonal: [...usage, ...money],
  anomalies: [...usage, ...money],
  concept: [],
  "slow-drift": [...money, ...usage],
};

/** What each does, for whoever chooses one. */
export const scenarioMeanings: Record<ScenarioName, string> = {
  none: "customers as they are",
  "price-rise": "all amounts × 1.5",
  "region-outage": "40 % of the regions are missing",
  "feed-break": "the data volume is always zero",
  "new-packs": "15 % buy a pack never seen before",
  "unit-change": "the data volume is in kB, not MB",
  seasonal: "usage and amounts ± 10 % over a day",
  anomalies: "random bursts of amounts far too large",
  concept: "others leave, the inputs stay",
  "slow-drift": "usage and amounts + 1 % a minute",
};

const minute = 60_000;
const day = 24 * 60 * minute;

function scaled(customer: Customer, names: readonly NumericName[], factor: number): Customer {
  const changed = { ...customer };
  for (const name of names) {
    const value = customer[name];
    if (value !== null && value !== undefined) changed[name] = value * factor;
  }
  return changed;
}

const withCustomer = ({ churned }: LabelledCustomer, customer: Customer): LabelledCustomer => ({ customer, churned });

export const scenarios: Record<ScenarioName, Scenario> = {
  none: (labelled) => labelled,

  "price-rise": (labelled) => withCustomer(labelled, scaled(labelled.customer, money, 1.5)),

  "region-outage": (labelled, _moment, random) =>
    random.uniform() < 0.4 ? withCustomer(labelled, { ...labelled.customer, region: null }) : labelled,

  "feed-break": (labelled) => withCustomer(labelled, scaled(labelled.customer, ["data_volume"], 0)),

  "new-packs": (labelled, _moment, random) =>
    random.uniform() < 0.15
      ? withCustomer(labelled, { ...labelled.customer, top_pack: "All-net 750F=5000F;7d" })
      : labelled,

  // From megabytes to kilobytes.
  "unit-change": (labelled) => withCustomer(labelled, scaled(labelled.customer, ["data_volume"], 1024)),

  seasonal: (labelled, { elapsed }) =>
    withCustomer(
      labelled,
      scaled(labelled.customer, [...usage, ...money], 1 + 0.1 * Math.sin((2 * Math.PI * elapsed) / day)),
    ),

  // In bursts of a minute, which come at random, one customer in three reports amounts far too large.
  anomalies: (labelled, { elapsed, run }, random) =>
    isInBurst(elapsed, run) && random.uniform() < 1 / 3
      ? withCustomer(labelled, scaled(labelled.customer, [...usage, ...money], 10 + 90 * random.uniform()))
      : labelled,

  // What the customers do is unchanged, what it means is not: the regular ones of a segment now leave.
  concept: ({ customer, churned }) => ({
    customer,
    churned: (customer.regularity ?? 0) >= 30 && (customer.on_net ?? 0) < 30 ? !churned : churned,
  }),

  "slow-drift": (labelled, { elapsed }) =>
    withCustomer(labelled, scaled(labelled.customer, [...money, ...usage], 1 + (0.01 * elapsed) / minute)),
};
