import type { Customer } from "../customer.ts";
import { logistic } from "./choice.ts";
import { createInterpolation } from "./interpolation.ts";
import type { Activity } from "./synthetic-activity.ts";
import type { Calibration } from "./synthetic-calibration.ts";

type NumericField =
  | "montant"
  | "frequence_rech"
  | "frequence"
  | "data_volume"
  | "on_net"
  | "orange"
  | "tigo"
  | "freq_top_pack"
  | "regularity";

const longestTenure = "K > 24 month";

/**
 * The probability of churn given everything else: the logistic regression that assumes least of those that reproduce the
 * published churn rates (by level, by present column, by REGULARITY) and the published quantiles and products of churners.
 */
export function createChurn({ churn, patternColumns }: Calibration) {
  const field = (column: string) => column.toLowerCase() as NumericField;
  const present = patternColumns.map((column) => churn.present[column] ?? 0);
  const at = (column: string) => patternColumns.indexOf(column);
  const complete = ["MONTANT", "REVENUE", "DATA_VOLUME", "ON_NET", "ORANGE"].map(at);
  const calling = ["REVENUE", "ORANGE", "TIGO", "TOP_PACK"].map(at);
  const [regionAt, revenueAt] = [at("REGION"), at("REVENUE")];
  const stepsAmong = (group: string) =>
    churn.steps
      .filter(({ among }) => among === group)
      .map(({ column, atMost, weights }) => ({ name: field(column), atMost, weights }));
  const completeSteps = stepsAmong("complete");
  const callingSteps = stepsAmong("calling");
  const columns = Object.keys(churn.scores);
  const scales = Object.entries(churn.scores).map(([column, { values, scores }]) => ({
    name: field(column),
    scoreAt: createInterpolation(values, scores),
  }));
  const products = churn.products.map(
    ([one, other, weight]) => [columns.indexOf(one), columns.indexOf(other), weight] as const,
  );
  const scores = new Float64Array(columns.length);

  function addSteps(steps: typeof completeSteps, customer: Customer): number {
    let sum = 0;
    for (const { name, atMost, weights } of steps) {
      const value = customer[name] as number;
      for (let i = atMost.length - 1; i >= 0 && value <= (atMost[i] as number); i--) sum += weights[i] as number;
    }
    return sum;
  }

  function addProducts(customer: Customer): number {
    for (let i = 0; i < scales.length; i++) {
      const { name, scoreAt } = scales[i] as (typeof scales)[number];
      scores[i] = scoreAt(customer[name] as number);
    }
    let sum = 0;
    for (const [one, other, weight] of products) sum += weight * (scores[one] as number) * (scores[other] as number);
    return sum;
  }

  return (customer: Customer, { pattern, present: bits, regularity }: Activity): number => {
    const has = (index: number): boolean => bits[index] === 1;
    let sum = churn.intercept + (churn.regularity[regularity - 1] as number) + (churn.patterns[pattern] ?? 0);
    for (let i = 0; i < present.length; i++) sum += (present[i] as number) * (bits[i] as number);
    sum += churn.tenure[customer.tenure as string] ?? 0;
    if (customer.region) sum += churn.region[customer.region] ?? 0;
    if (customer.top_pack) sum += churn.topPack[customer.top_pack] ?? 0;
    if (customer.zone1 !== undefined) sum += churn.present.ZONE1 as number;
    if (customer.zone2 !== undefined) sum += churn.present.ZONE2 as number;
    if (!has(regionAt) && !has(revenueAt) && customer.tenure === longestTenure)
      sum += churn.emptyRegularity[regularity - 1] ?? 0;
    if (complete.every(has)) {
      sum += churn.complete + (churn.completeRegularity[regularity - 1] as number);
      sum += addSteps(completeSteps, customer) + addProducts(customer);
    }
    if (calling.every(has))
      sum += churn.calling + (has(regionAt) ? churn.callingRegion : 0) + addSteps(callingSteps, customer);
    return logistic(sum);
  };
}
