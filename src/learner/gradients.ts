import { largestQuanta, pack } from "./histogram.ts";

// A product of so many numbers between 1 and 2 cannot overflow.
const factorsAtOnce = 512;

/**
 * First and second derivative of the log loss by the raw score, for rows `from … to − 1`, packed in quanta.
 * @param scale quanta to 1: largestQuanta over the largest weight
 * @returns the weighted sum of their log loss, nats
 */
export function packGradients(
  scores: Float64Array,
  labels: Uint8Array,
  weights: Float32Array | null,
  scale: number,
  packed: Float64Array,
  from: number,
  to: number,
): number {
  let loss = 0;
  // The logarithm of a product stands for many logarithms, which would be a third of the work.
  let product = 1;
  for (let row = from; row < to; row++) {
    const score = scores[row] as number;
    const label = labels[row] as number;
    const weight = weights === null ? 1 : (weights[row] as number);
    const e = Math.exp(-Math.abs(score));
    const p = score >= 0 ? 1 / (1 + e) : e / (1 + e);
    loss += weight * (Math.max(score, 0) - label * score);
    if (weights !== null) loss += weight * Math.log(1 + e);
    else product *= 1 + e;
    if (row % factorsAtOnce === 0) {
      loss += Math.log(product);
      product = 1;
    }
    const quanta = weight * scale;
    // Rounds to the nearest whole number; the sum in brackets is never negative.
    const gradient = (((p - label) * quanta + largestQuanta + 0.5) | 0) - largestQuanta;
    const hessian = (p * (1 - p) * quanta + 0.5) | 0;
    // A row that is certain still weighs something, else a leaf of such rows would have no step.
    packed[row] = pack(gradient, hessian === 0 && weight > 0 ? 1 : hessian);
  }
  return loss + Math.log(product);
}

/** The weighted sum of the log loss of rows `from … to − 1`, nats. */
export function sumLogLoss(
  scores: Float64Array,
  labels: Uint8Array,
  weights: Float32Array | null,
  from: number,
  to: number,
): number {
  let loss = 0;
  let product = 1;
  for (let row = from; row < to; row++) {
    const score = scores[row] as number;
    const weight = weights === null ? 1 : (weights[row] as number);
    const e = Math.exp(-Math.abs(score));
    loss += weight * (Math.max(score, 0) - (labels[row] as number) * score);
    if (weights !== null) loss += weight * Math.log(1 + e);
    else product *= 1 + e;
    if (row % factorsAtOnce === 0) {
      loss += Math.log(product);
      product = 1;
    }
  }
  return loss + Math.log(product);
}
