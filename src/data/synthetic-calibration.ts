import { z } from "zod";
import constants from "./calibration.json";

const numbers = z.array(z.number());
const tables = z.array(numbers);
const level = z.record(z.string(), z.number());

const regressionSchema = z.object({
  /** By feature, in the order of `features`; those after the last are 0. */
  weights: numbers,
  /** Of the logarithm of the standard deviation, on the first features: intercept, present columns, activity. */
  logDeviation: numbers,
});
export type Regression = z.output<typeof regressionSchema>;

/** A regression's score to a value: the points of a piecewise linear function. */
const marginalSchema = regressionSchema.extend({ scores: numbers, values: numbers });

const amountColumns = ["FREQUENCE_RECH", "DATA_VOLUME", "ON_NET", "ORANGE", "TIGO", "ZONE1", "ZONE2"] as const;
export type AmountColumn = (typeof amountColumns)[number];

/** What calibration.json holds; where each number comes from stands there, under `sources`. */
const calibrationSchema = z.object({
  patternColumns: z.array(z.string()),
  /** Share of all customers by joint missing pattern: 1 present, 0 missing, in the order of `patternColumns`. */
  patterns: level,
  regularity: z.object({ mean: numbers, deviation: numbers, byColumn: numbers, cuts: numbers, scores: numbers }),
  features: z.array(z.string()),
  amounts: z.record(z.enum(amountColumns), marginalSchema),
  /** Tables with a row for each band of FREQUENCE_RECH; `bands` are the upper ends of all but the last. */
  topUps: z.object({
    bands: numbers,
    /** Amounts of those with one top-up, two, and so on: each is drawn up to its score. */
    few: z.array(z.object({ amounts: numbers, scores: numbers })),
    rounding: tables,
    roundTo: numbers,
    correction: z.object({ logAmount: numbers, shift: numbers }),
    amountPerTopUp: regressionSchema.extend({ scores: tables, logAmounts: tables }),
    incomesBeyondTopUps: regressionSchema.extend({ scores: tables, differences: tables }),
    incomeRatio: regressionSchema.extend({ scores: tables, logRatios: tables }),
  }),
  levels: numbers,
  withoutTopUp: z.object({ revenue: numbers, frequence: numbers }),
  zones: z.object({ ZONE1: numbers, ZONE2: numbers }),
  region: z.record(z.string(), numbers),
  tenure: level,
  topPackKinds: z.record(z.string(), numbers),
  /** Share among the known, and kind. */
  topPack: z.record(z.string(), z.tuple([z.number(), z.string()])),
  freqTopPack: z.object({
    bands: numbers,
    weights: numbers,
    byKind: level,
    deviation: z.number(),
    scores: tables,
    ratio: tables,
  }),
  churn: z.object({
    intercept: z.number(),
    region: level,
    tenure: level,
    topPack: level,
    present: level,
    complete: z.number(),
    regularity: numbers,
    completeRegularity: numbers,
    emptyRegularity: numbers,
    steps: z.array(z.object({ among: z.string(), column: z.string(), atMost: numbers, weights: numbers })),
    calling: z.number(),
    callingRegion: z.number(),
    patterns: level,
    /** Normal scores of amounts, for the products. */
    scores: z.record(z.string(), z.object({ values: numbers, scores: numbers })),
    products: z.array(z.tuple([z.string(), z.string(), z.number()])),
  }),
});
export type Calibration = z.output<typeof calibrationSchema>;

export const calibration: Calibration = calibrationSchema.parse(constants);
