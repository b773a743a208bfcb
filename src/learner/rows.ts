import { AppError } from "../errors.ts";

/** Rows to learn from: features by column (float32, NaN for missing) and labels 0 or 1. */
export interface LabelledRows {
  features: readonly Float32Array[];
  labels: Uint8Array;
  /** How much a row counts, 0 or more and finite; 1 for all rows when absent. */
  weights?: Float32Array;
}

/**
 * @param part what the rows are for, in messages
 * @throws AppError `invalid_data` when columns, labels and weights do not fit together
 */
export function checkShape(featureNames: readonly string[], rows: LabelledRows, part: string): void {
  const { features, labels, weights } = rows;
  if (labels.length === 0) throw new AppError("invalid_data", `there are no rows: ${part} needs some`);
  if (features.length !== featureNames.length) {
    throw new AppError(
      "invalid_data",
      `the ${part} rows have ${features.length} columns for ${featureNames.length} features`,
    );
  }
  const odd = features.findIndex((values) => values.length !== labels.length);
  if (odd >= 0) {
    throw new AppError(
      "invalid_data",
      `column ${featureNames[odd]} of the ${part} rows has ${features[odd]?.length} values for ${labels.length} labels`,
    );
  }
  const bad = labels.findIndex((label) => label > 1);
  if (bad >= 0)
    throw new AppError("invalid_data", `label ${bad} of the ${part} rows is ${labels[bad]}: labels are 0 or 1`);
  if (weights === undefined) return;
  if (weights.length !== labels.length) {
    throw new AppError("invalid_data", `the ${part} rows have ${weights.length} weights for ${labels.length} labels`);
  }
  const light = weights.findIndex((weight) => !(weight >= 0 && weight < Number.POSITIVE_INFINITY));
  if (light >= 0)
    throw new AppError(
      "invalid_data",
      `weight ${light} of the ${part} rows is ${weights[light]}: weights are 0 or more`,
    );
  if (weights.every((weight) => weight === 0))
    throw new AppError("invalid_data", `all weights of the ${part} rows are 0: nothing counts`);
}

/** @returns the weight of the rows labelled 0 and 1; @throws AppError `invalid_data` when one of them is 0 */
export function weighClasses({ labels, weights }: LabelledRows): [number, number] {
  const weight: [number, number] = [0, 0];
  for (let row = 0; row < labels.length; row++) weight[labels[row] as 0 | 1] += weights?.[row] ?? 1;
  if (weight[0] === 0 || weight[1] === 0) {
    throw new AppError(
      "invalid_data",
      `all ${labels.length} rows that count have the label ${weight[0] === 0 ? 1 : 0}: a model needs both`,
    );
  }
  return weight;
}
