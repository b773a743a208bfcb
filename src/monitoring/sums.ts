import { cellCounts, type ReferenceProfile } from "../models/profile.ts";
import { calibrationBin, calibrationBins, surprise } from "../statistics/probability-scores.ts";

/** Groups of scores: equal steps of log-odds, the ends open. */
const groups = 120;
const farthest = 9;

const groupOf = (probability: number): number => {
  const logOdds = Math.log(probability / (1 - probability));
  return Math.min(groups - 1, Math.max(0, Math.floor(((logOdds + farthest) / (2 * farthest)) * groups)));
};

const parts = {
  /** Rows and sums of probabilities by group of scores; rows with a label, and churners among them. */
  rows: groups,
  probabilities: groups,
  labelled: groups,
  churners: groups,
  /** Of labelled rows, by tenth of the probability. */
  tenthRows: calibrationBins,
  tenthProbabilities: calibrationBins,
  tenthChurners: calibrationBins,
  /** Rows that are called churners, and sums of probabilities of those and of the others. */
  called: 1,
  calledProbabilities: 1,
  otherProbabilities: 1,
  /** Sums of p (1 − p) and of entropies. */
  uncertainty: 1,
  entropy: 1,
  /** Labelled rows by what was predicted and what happened. */
  truePositives: 1,
  falsePositives: 1,
  falseNegatives: 1,
  trueNegatives: 1,
  squaredErrors: 1,
  surprises: 1,
} as const;
type Part = keyof typeof parts;
const partNames = Object.keys(parts) as Part[];
const partsLength = partNames.reduce((sum, part) => sum + parts[part], 0);

/**
 * Sums over predictions from which all that the monitors say of distributions and performance can be read: counts of cells, and
 * sums of scores and errors. They add up, over minutes and over processes, and a label that comes later is added later; so what
 * a long window costs depends on its bins, not on its rows. Ranking metrics are those of groups of equal scores (steps of 0.15
 * of log-odds).
 */
export function createSums({ features, score }: Pick<ReferenceProfile, "features" | "score">, threshold: number) {
  const sizes = cellCounts({ features, score });
  const cellStarts = sizes.map((_, column) => sizes.slice(0, column).reduce((sum, size) => sum + size, 0));
  const cellsLength = sizes.reduce((sum, size) => sum + size, 0);
  const starts = Object.fromEntries(
    partNames.map((part, p) => [
      part,
      cellsLength + partNames.slice(0, p).reduce((sum, earlier) => sum + parts[earlier], 0),
    ]),
  ) as Record<Part, number>;
  const length = cellsLength + partsLength;

  const increase = (sums: Float64Array, part: Part, value: number, at = 0): void => {
    const place = starts[part] + at;
    sums[place] = (sums[place] as number) + value;
  };

  return {
    length,
    addPrediction(sums: Float64Array, cells: Uint8Array, probability: number): void {
      cellStarts.forEach((start, column) => {
        const place = start + (cells[column] as number);
        sums[place] = (sums[place] as number) + 1;
      });
      const group = groupOf(probability);
      increase(sums, "rows", 1, group);
      increase(sums, "probabilities", probability, group);
      const isCalled = probability >= threshold;
      if (isCalled) increase(sums, "called", 1);
      increase(sums, isCalled ? "calledProbabilities" : "otherProbabilities", probability);
      increase(sums, "uncertainty", probability * (1 - probability));
      if (probability > 0 && probability < 1) {
        increase(sums, "entropy", -probability * Math.log(probability) - (1 - probability) * Math.log1p(-probability));
      }
    },
    /** @param sign 1 to add a label, −1 to take it back */
    addLabel(sums: Float64Array, probability: number, churned: boolean, sign: 1 | -1): void {
      const group = groupOf(probability);
      const label = churned ? 1 : 0;
      increase(sums, "labelled", sign, group);
      increase(sums, "churners", sign * label, group);
      const tenth = calibrationBin(probability);
      increase(sums, "tenthRows", sign, tenth);
      increase(sums, "tenthProbabilities", sign * probability, tenth);
      increase(sums, "tenthChurners", sign * label, tenth);
      const isCalled = probability >= threshold;
      const outcome = churned
        ? isCalled
          ? "truePositives"
          : "falseNegatives"
        : isCalled
          ? "falsePositives"
          : "trueNegatives";
      increase(sums, outcome, sign);
      increase(sums, "squaredErrors", sign * (probability - label) ** 2);
      increase(sums, "surprises", sign * surprise(probability, label));
    },
    /** Counts of the cells of a column. */
    cells: (sums: Float64Array, column: number): Float64Array =>
      sums.slice(cellStarts[column], (cellStarts[column] as number) + (sizes[column] as number)),
    part: (sums: Float64Array, part: Part): Float64Array => sums.slice(starts[part], starts[part] + parts[part]),
    figure: (sums: Float64Array, part: Part): number => sums[starts[part]] as number,
  };
}

export type Sums = ReturnType<typeof createSums>;
