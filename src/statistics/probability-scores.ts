import { requireSameLength } from "./confusion.ts";

/** Probabilities are clipped to this distance from 0 and 1 before a logarithm is taken (as scikit-learn does). */
export const logLossClip = Number.EPSILON;

/** Equal-width bins of probability, [0, 0.1) … [0.9, 1], over which calibration is judged. */
export const calibrationBins = 10;

/** −ln of the probability that was given to what happened, clipped by {@link logLossClip}; 0 … 36.04. */
export function surprise(probability: number, label: number): number {
  const clipped = Math.min(1 - logLossClip, Math.max(logLossClip, probability));
  return label === 1 ? -Math.log(clipped) : -Math.log1p(-clipped);
}

/**
 * Brier score: mean squared difference between probability and label.
 *
 * Range: 0 (sure and right) … 1; NaN without rows. Source: Brier (1950); sklearn.metrics.brier_score_loss.
 */
export function brier(probabilities: Float64Array, labels: Uint8Array): number {
  requireSameLength(probabilities, labels);
  let sum = 0;
  for (let row = 0; row < labels.length; row++) sum += ((probabilities[row] as number) - (labels[row] as number)) ** 2;
  return sum / labels.length;
}

/**
 * Log loss: mean −ln of the probability given to what happened, probabilities clipped by {@link logLossClip}.
 *
 * Range: 0 … 36.04 nats; NaN without rows. Source: sklearn.metrics.log_loss.
 */
export function logLoss(probabilities: Float64Array, labels: Uint8Array): number {
  requireSameLength(probabilities, labels);
  let sum = 0;
  for (let row = 0; row < labels.length; row++) sum += surprise(probabilities[row] as number, labels[row] as number);
  return sum / labels.length;
}

export interface CalibrationPoint {
  /** Rows of the bin. */
  rows: number;
  /** Mean predicted probability, 0 … 1; NaN in an empty bin. */
  predicted: number;
  /** Share of positives, 0 … 1; NaN in an empty bin. */
  observed: number;
}

/**
 * The calibration curve: {@link calibrationBins} equal-width bins in order of probability, empty ones included.
 * A probability that is NaN or outside 0 … 1 falls in none of them.
 */
export function calibrationCurve(probabilities: Float64Array, labels: Uint8Array): CalibrationPoint[] {
  requireSameLength(probabilities, labels);
  const rows = new Float64Array(calibrationBins);
  const predicted = new Float64Array(calibrationBins);
  const observed = new Float64Array(calibrationBins);
  for (let row = 0; row < labels.length; row++) {
    const probability = probabilities[row] as number;
    const bin = calibrationBin(probability);
    rows[bin] = (rows[bin] as number) + 1;
    predicted[bin] = (predicted[bin] as number) + probability;
    observed[bin] = (observed[bin] as number) + (labels[row] as number);
  }
  return Array.from(rows, (count, bin) => ({
    rows: count,
    predicted: (predicted[bin] as number) / count,
    observed: (observed[bin] as number) / count,
  }));
}

/**
 * Expected calibration error: mean over the rows of |mean probability − share of positives| of their bin, in
 * {@link calibrationBins} equal-width bins. A perfectly calibrated model does not score 0 on finitely many rows;
 * estimation.ts says what it scores.
 *
 * Range: 0 … 1; NaN without rows or with a probability that is NaN or outside 0 … 1.
 * Source: Naeini, Cooper & Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning" (2015).
 */
export function expectedCalibrationError(probabilities: Float64Array, labels: Uint8Array): number {
  let binned = 0;
  let sum = 0;
  for (const { rows, predicted, observed } of calibrationCurve(probabilities, labels)) {
    if (rows === 0) continue;
    binned += rows;
    sum += rows * Math.abs(predicted - observed);
  }
  return binned === labels.length ? sum / binned : Number.NaN;
}

/** The bin of a probability, 0 … 9; NaN when it is NaN, outside the bins when it is outside 0 … 1. */
export function calibrationBin(probability: number): number {
  return probability === 1 ? calibrationBins - 1 : Math.floor(probability * calibrationBins);
}

/** The first three cumulants of the squared error (y − p)² of one right probability p: y is 1 with probability p, else 0. */
export function squaredErrorLaw(p: number): { mean: number; variance: number; third: number } {
  const mean = p * (1 - p);
  const slope = 1 - 2 * p;
  return { mean, variance: slope ** 2 * mean, third: slope ** 4 * mean };
}
