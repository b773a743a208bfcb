import type { Random } from "../statistics/random.ts";
import { logistic, weigh } from "./choice.ts";
import { createInterpolation } from "./interpolation.ts";
import type { AmountColumn, Calibration } from "./synthetic-calibration.ts";
import type { Features } from "./synthetic-features.ts";

/** Data and calls: an amount by its regression on what is drawn already, and whether there were calls abroad. */
export function createUse({ amounts, zones }: Calibration, features: Features) {
  const { values } = features;
  const amountOf = (column: AmountColumn) => {
    const marginal = amounts[column];
    const valueAt = createInterpolation(marginal.scores, marginal.values.map(Math.log1p));
    const index = features.indexOf(`score:${column}`);
    return (random: Random): number => {
      const score = features.draw(marginal, random.normal());
      values[index] = score;
      return Math.max(0, Math.round(Math.expm1(valueAt(score))));
    };
  };
  const abroad = (column: "ZONE1" | "ZONE2") => {
    const weights = zones[column];
    const index = features.indexOf(`has:${column}`);
    return (random: Random): boolean => {
      const called = random.uniform() < logistic(weigh(weights, values));
      values[index] = called ? 1 : 0;
      return called;
    };
  };
  return {
    drawDataVolume: amountOf("DATA_VOLUME"),
    drawOnNet: amountOf("ON_NET"),
    drawOrange: amountOf("ORANGE"),
    drawTigo: amountOf("TIGO"),
    hasZone1: abroad("ZONE1"),
    hasZone2: abroad("ZONE2"),
    drawZone1: amountOf("ZONE1"),
    drawZone2: amountOf("ZONE2"),
  };
}
