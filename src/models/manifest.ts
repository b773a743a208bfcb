import { createHash } from "node:crypto";
import { z } from "zod";
import { categoricalNames, numericNames } from "../customer.ts";
import type { MetricName } from "../statistics/classification.ts";
import { referenceProfileSchema } from "./profile.ts";

export const manifestFormat = 2;

/** The nine metrics of performance, as named in every route, gauge and manifest. */
export const performanceMetrics = [
  "accuracy",
  "precision",
  "recall",
  "f1",
  "roc_auc",
  "average_precision",
  "brier",
  "log_loss",
  "calibration_error",
] as const satisfies readonly MetricName[];
export type PerformanceMetric = (typeof performanceMetrics)[number];

const figure = z.number().nullable();
const performanceSchema = z.object({
  rows: z.number().int(),
  classes: z.tuple([z.number().int(), z.number().int()]),
  metrics: z.record(
    z.enum(performanceMetrics),
    z.object({ value: figure, lower: figure, upper: figure, standardError: figure }),
  ),
  confusion: z.object({
    truePositives: z.number(),
    falsePositives: z.number(),
    trueNegatives: z.number(),
    falseNegatives: z.number(),
  }),
});

/**
 * How a feature of the model is read: a number as it is, a category by its rank. `levels` are in the order of their ranks,
 * with the rank `other` left out: that one is for every level not listed.
 */
const featureSchema = z.discriminatedUnion("kind", [
  z.object({ name: z.enum(numericNames), kind: z.literal("numeric") }),
  z.object({
    name: z.enum(categoricalNames),
    kind: z.literal("categorical"),
    levels: z.array(z.string()),
    other: z.number().int().nonnegative(),
  }),
]);

const fileSchema = z.object({ file: z.string(), sha256: z.string(), bytes: z.number().int() });

/** Everything about a model version that its ONNX file alone does not say. Ratios 0–1, times in milliseconds since the epoch. */
export const manifestSchema = z.object({
  format: z.literal(manifestFormat),
  version: z.string(),
  trainedAt: z.number().int(),
  durationSeconds: z.number(),
  learner: z.object({ name: z.string(), parameters: z.record(z.string(), z.number()), trees: z.number().int() }),
  data: z.object({
    file: z.string(),
    rows: z.number().int(),
    splits: z.object({ train: z.number().int(), validation: z.number().int(), holdout: z.number().int() }),
    warnings: z.array(z.string()),
  }),
  features: z.array(featureSchema),
  calibration: z.object({ slope: z.number(), intercept: z.number() }),
  threshold: z.number().min(0).max(1),
  /** Shares that add up to 1: of the gain of all splits, or for an imported model of what shuffling a feature costs. */
  importance: z.record(z.string(), z.number()),
  performance: z.object({ train: performanceSchema, validation: performanceSchema, holdout: performanceSchema }),
  /** What the metrics of the holdout would be if its probabilities were right. */
  estimated: z.record(z.enum(performanceMetrics), figure),
  parity: z.object({ rows: z.number().int(), maximumDifference: z.number() }),
  reference: referenceProfileSchema,
  /**
   * Moments of |SHAP value| by feature over rows of the holdout, calibrated log-odds, and counts of the intervals that ascending
   * edges cut (models of before have none); absent without trees.
   */
  attribution: z
    .object({
      rows: z.number().int(),
      features: z.record(
        z.string(),
        z.object({
          mean: z.number(),
          standardDeviation: z.number(),
          skewness: z.number(),
          bins: z.object({ edges: z.array(z.number()), counts: z.array(z.number().int().nonnegative()) }).optional(),
        }),
      ),
    })
    .optional(),
  /** The trees that explanations are made of; a model of another tool has none. */
  trees: fileSchema.optional(),
  onnx: fileSchema,
  /** The file of another tool that the model was imported from. */
  imported: z.object({ file: z.string(), sha256: z.string(), producer: z.string() }).optional(),
});

export type Manifest = z.output<typeof manifestSchema>;
export type FeatureEncoding = Manifest["features"][number];
export type Performance = z.output<typeof performanceSchema>;

/** What a manifest says of a file beside it. */
export const fileOf = (file: string, content: Uint8Array): z.output<typeof fileSchema> => ({
  file,
  sha256: createHash("sha256").update(content).digest("hex"),
  bytes: content.length,
});
