import type { Customer } from "../customer.ts";
import type { LoadedModel } from "../models/registry.ts";
import type { NewPrediction, PredictionKey, PredictionStore } from "../storage/predictions.ts";

/** What the store keeps of a prediction of which a test says nothing. */
export const anyPrediction = {
  salt: 0,
  source: "request",
  customer: "{}",
  probability: 0.5,
  threshold: 0.5,
  churn: true,
  cells: new Uint8Array(),
} as const;

/** What the store keeps of a replayed customer to whom a model gives a probability. */
export const replayedPrediction = ({ manifest, binner }: LoadedModel, customer: Customer, probability: number) =>
  ({
    salt: 0,
    userId: customer.user_id,
    source: "replay",
    customer: JSON.stringify(customer),
    probability,
    threshold: manifest.threshold,
    churn: probability >= manifest.threshold,
    cells: binner.cells(customer, probability),
  }) as const;

export function storePrediction(predictions: PredictionStore, row: NewPrediction): PredictionKey {
  const [key] = predictions.append([row]);
  return key as PredictionKey;
}
