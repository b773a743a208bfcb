import { type Customer, textOf, wordsOf } from "../customer.ts";
import type { BoostedTrees } from "../learner/model.ts";
import { createExplainer } from "../learner/shap.ts";
import { createEncoder } from "./encoding.ts";
import type { FeatureEncoding, Manifest } from "./manifest.ts";

/** Why a customer got a probability p. All log-odds are after calibration: base + contributions = raw_score = ln(p / (1 − p)). */
export interface Explanation {
  /** Mean log-odds of the customers of training. */
  base: number;
  /** What each field adds (SHAP values). */
  contributions: Record<string, number>;
  raw_score: number;
  /** The fields that add or take most, in words. */
  reasons: string[];
}

const reasonCount = 3;
/** A field that moves the log-odds by less is no reason. */
const leastReason = 0.05;

export type Explanations = ReturnType<typeof createExplanations>;

/** Explains customers by the stored trees of a model: exact SHAP values, scaled by the calibration. */
export function createExplanations(
  { features, calibration }: Pick<Manifest, "features" | "calibration">,
  trees: BoostedTrees,
) {
  const explainer = createExplainer(trees);
  const encode = createEncoder(features);
  const { slope, intercept } = calibration;
  const row = new Float32Array(features.length);
  const base = slope * explainer.base + intercept;

  /** Calibrated contributions of one customer, in the order of the model's features. */
  function contributionsOf(customer: Customer): Float64Array {
    encode(customer, row, 0);
    const values = explainer.contributions(row, new Float64Array(features.length));
    for (let f = 0; f < values.length; f++) values[f] = slope * (values[f] as number);
    return values;
  }

  return {
    contributionsOf,
    explain(customer: Customer): Explanation {
      const values = contributionsOf(customer);
      const order = features
        .map((_, f) => f)
        .filter((f) => Math.abs(values[f] as number) >= leastReason)
        .sort((a, b) => Math.abs(values[b] as number) - Math.abs(values[a] as number));
      return {
        base,
        contributions: Object.fromEntries(features.map(({ name }, f) => [name, values[f] as number])),
        raw_score: values.reduce((sum, value) => sum + value, base),
        reasons: order
          .slice(0, reasonCount)
          .map((f) => reasonOf(customer, features[f] as FeatureEncoding, values[f] as number)),
      };
    },
  };
}

function reasonOf(customer: Customer, feature: FeatureEncoding, contribution: number): string {
  const value = feature.kind === "numeric" ? customer[feature.name] : textOf(customer, feature.name);
  return `${wordsOf(feature.name)} is ${value ?? "not known"}: ${contribution > 0 ? "raises" : "lowers"} the risk`;
}
