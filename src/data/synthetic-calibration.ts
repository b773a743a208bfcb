import constants from "./calibration.json";

export interface Regression {
  /** By feature, in the order of `features`; those after the last are 0. */
  weights: number[];
  /** Of the logarithm of the standard deviation, on the first features: intercept, present columns, activity. */
  logDeviation: number[];
}

/** A regression's score to a value: the points of a piecewise linear function. */
export interface Marginal extends Regression {
  scores: number[];
  values: number[];
}

export type AmountColumn = "FREQUENCE_RECH" | "DATA_VOLUME" | "ON_NET" | "ORANGE" | "TIGO" | "ZONE1" | "ZONE2";
export type Level = Record<string, number>;

/** What calibration.json holds; where each number comes from stands there, under `sources`. */
export interface Calibration {
  patternColumns: string[];
  /** Share of all customers by joint missing pattern: 1 present, 0 missing, in the order of `patternColumns`. */
  patterns: Level;
  regularity: { mean: number[]; deviation: number[]; byColumn: number[]; cuts: number[]; scores: number[] };
  features: string[];
  amounts: Record<AmountColumn, Marginal>;
  /** Tables with a row for each band of FREQUENCE_RECH; `bands` are the upper ends of all but the last. */
  topUps: {
    bands: number[];
    /** Amounts of those with one top-up, two, and so on: each is drawn up to its score. */
    few: { amounts: number[]; scores: number[] }[];
    rounding: number[][];
    roundTo: number[];
    correction: { logAmount: number[]; shift: number[] };
    amountPerTopUp: Regression & { scores: number[][]; logAmounts: number[][] };
    incomesBeyondTopUps: Regression & { scores: number[][]; differences: number[][] };
    incomeRatio: Regression & { scores: number[][]; logRatios: number[][] };
  };
  levels: number[];
  withoutTopUp: { revenue: number[]; frequence: number[] };
  zones: { ZONE1: number[]; ZONE2: number[] };
  region: Record<string, number[]>;
  tenure: Level;
  topPackKinds: Record<string, number[]>;
  /** Share among the known, and kind. */
  topPack: Record<string, [number, string]>;
  freqTopPack: {
    bands: number[];
    weights: number[];
    byKind: Level;
    deviation: number;
    scores: number[][];
    ratio: number[][];
  };
  churn: {
    intercept: number;
    region: Level;
    tenure: Level;
    topPack: Level;
    present: Level;
    complete: number;
    regularity: number[];
    completeRegularity: number[];
    emptyRegularity: number[];
    steps: { among: string; column: string; atMost: number[]; weights: number[] }[];
    calling: number;
    callingRegion: number;
    patterns: Level;
    /** Normal scores of amounts, for the products. */
    scores: Record<string, { values: number[]; scores: number[] }>;
    products: [string, string, number][];
  };
}

export const calibration = constants as unknown as Calibration;
