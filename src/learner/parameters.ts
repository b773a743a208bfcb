import { AppError, type Flaw } from "../errors.ts";

/** Parameters of the learner, named as in LightGBM and XGBoost. */
export interface LearnerParameters {
  /** Trees at most, 1 or more. */
  rounds: number;
  /** Share of each tree that is added, 0–1. */
  learningRate: number;
  /** Leaves of a tree at most, 2 or more. */
  maxLeaves: number;
  /** Least sum of hessians in a leaf, 0 or more. */
  minChildWeight: number;
  /** L2 penalty on leaf values, 0 or more. */
  lambda: number;
  /** Bins of a feature at most, its bin for missing included; 3–256. */
  maxBins: number;
  /** Share of the features that a tree may use, 0–1. */
  featureFraction: number;
  /** Share of the rows that a tree is grown on, 0–1. */
  baggingFraction: number;
  /** Rounds without a better validation loss after which fitting ends; 0 for never. */
  earlyStoppingRounds: number;
  seed: number;
  /** Threads that fit, this one included, 1 or more; the model is the same for any number. */
  threads: number;
}

export const defaultParameters: LearnerParameters = {
  rounds: 500,
  learningRate: 0.1,
  maxLeaves: 15,
  minChildWeight: 20,
  lambda: 1,
  maxBins: 256,
  featureFraction: 1,
  baggingFraction: 1,
  earlyStoppingRounds: 20,
  threads: 2,
  seed: 1,
};

const ranges: Record<keyof LearnerParameters, { isValid(value: number): boolean; expected: string }> = {
  rounds: { isValid: (v) => Number.isInteger(v) && v >= 1, expected: "a whole number from 1" },
  learningRate: { isValid: (v) => v > 0 && v <= 1, expected: "above 0, at most 1" },
  maxLeaves: { isValid: (v) => Number.isInteger(v) && v >= 2, expected: "a whole number from 2" },
  minChildWeight: { isValid: (v) => v >= 0, expected: "0 or more" },
  lambda: { isValid: (v) => v >= 0, expected: "0 or more" },
  maxBins: { isValid: (v) => Number.isInteger(v) && v >= 3 && v <= 256, expected: "a whole number from 3 to 256" },
  featureFraction: { isValid: (v) => v > 0 && v <= 1, expected: "above 0, at most 1" },
  baggingFraction: { isValid: (v) => v > 0 && v <= 1, expected: "above 0, at most 1" },
  earlyStoppingRounds: { isValid: (v) => Number.isInteger(v) && v >= 0, expected: "a whole number from 0" },
  seed: { isValid: (v) => Number.isSafeInteger(v), expected: "a whole number" },
  threads: { isValid: (v) => Number.isInteger(v) && v >= 1 && v <= 64, expected: "a whole number from 1 to 64" },
};

/** @throws AppError `invalid_input` with one flaw for each parameter out of its range. */
export function checkParameters(parameters: LearnerParameters): void {
  const flaws: Flaw[] = [];
  for (const [name, { isValid, expected }] of Object.entries(ranges)) {
    const value = parameters[name as keyof LearnerParameters];
    if (!isValid(value)) flaws.push({ path: name, message: `must be ${expected}, is ${value}` });
  }
  if (flaws.length > 0)
    throw new AppError("invalid_input", flaws.map(({ path, message }) => `${path} ${message}`).join("; "), { flaws });
}
