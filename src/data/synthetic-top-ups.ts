import type { Random } from "../statistics/random.ts";
import { bandOf, createInterpolation } from "./interpolation.ts";
import type { Calibration } from "./synthetic-calibration.ts";
import type { Features } from "./synthetic-features.ts";

export interface TopUps {
  montant: number;
  frequenceRech: number;
}

export interface Income {
  revenue: number;
  frequence: number;
}

/** Most incomes in the data: FREQUENCE has no larger value. */
const mostIncomes = 91;

/**
 * Top-ups and the income from them: the number of top-ups, what one is worth on average, and how far REVENUE and FREQUENCE lie
 * from MONTANT and FREQUENCE_RECH, each by a table for the number of top-ups.
 */
export function createTopUps({ amounts, topUps, withoutTopUp, levels }: Calibration, features: Features) {
  const { bands, few, rounding, roundTo, correction, amountPerTopUp, incomesBeyondTopUps, incomeRatio } = topUps;
  const number = amounts.FREQUENCE_RECH;
  const numberAt = createInterpolation(number.scores, number.values.map(Math.log1p));
  const tables = (scores: number[][], rows: number[][]) =>
    rows.map((row, band) => createInterpolation(scores[band] as number[], row));
  const averages = tables(amountPerTopUp.scores, amountPerTopUp.logAmounts);
  const differences = tables(incomesBeyondTopUps.scores, incomesBeyondTopUps.differences);
  const ratios = tables(incomeRatio.scores, incomeRatio.logRatios);
  const correct = createInterpolation(correction.logAmount, correction.shift);
  const revenueAlone = createInterpolation(levels, withoutTopUp.revenue.map(Math.log1p));
  const [numberScore, averageScore, differenceScore, ratioScore] = [
    "score:FREQUENCE_RECH",
    "score:amountPerTopUp",
    "score:incomesBeyondTopUps",
    "score:incomeRatio",
  ].map(features.indexOf) as [number, number, number, number];
  const exact = roundTo.length - 1;

  /** People top up round amounts: to a multiple drawn by the number of top-ups, a smaller one where it is too coarse. */
  function round(amount: number, band: number, random: Random): number {
    const shares = rounding[band] as number[];
    let position = random.uniform();
    let choice = 0;
    while (choice < exact && position >= (shares[choice] as number)) position -= shares[choice++] as number;
    while (choice < exact - 1 && amount < 0.75 * (roundTo[choice] as number)) choice++;
    const step = roundTo[choice] as number;
    return Math.max(choice === exact ? 10 : step, step * Math.round(amount / step));
  }

  return {
    drawTopUps(random: Random): TopUps {
      const { values } = features;
      const score = features.draw(number, random.normal());
      values[numberScore] = score;
      const frequenceRech = Math.max(1, Math.round(Math.expm1(numberAt(score))));
      const band = bandOf(frequenceRech, bands);
      const average = features.draw(amountPerTopUp, random.normal());
      values[averageScore] = average;
      const one = few[band];
      if (one) {
        const drawn = bandOf(average, one.scores);
        return { montant: one.amounts[Math.min(drawn, one.amounts.length - 1)] as number, frequenceRech };
      }
      const logAmount = (averages[band] as (at: number) => number)(average) + Math.log(frequenceRech);
      return { montant: round(Math.exp(logAmount + correct(logAmount)), band, random), frequenceRech };
    },
    drawIncome({ montant, frequenceRech }: TopUps, random: Random): Income {
      const { values } = features;
      const band = bandOf(frequenceRech, bands);
      const beyond = features.draw(incomesBeyondTopUps, random.normal());
      values[differenceScore] = beyond;
      const ratio = features.draw(incomeRatio, random.normal());
      values[ratioScore] = ratio;
      const frequence = Math.round(frequenceRech + (differences[band] as (at: number) => number)(beyond));
      return {
        revenue: Math.max(1, Math.round(montant * Math.exp((ratios[band] as (at: number) => number)(ratio)))),
        frequence: Math.min(mostIncomes, Math.max(1, frequence)),
      };
    },
    /** Income without a top-up in the time: little, and seldom. */
    drawIncomeAlone(random: Random): Income {
      const revenue = Math.max(1, Math.round(Math.expm1(revenueAlone(random.uniform()))));
      return { revenue, frequence: 1 + bandOf(random.uniform(), withoutTopUp.frequence) };
    },
  };
}
