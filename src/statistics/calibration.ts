import { requireSameLength } from "./confusion.ts";

/** probability = logistic(slope × raw score + intercept). */
export interface PlattCalibration {
  slope: number;
  intercept: number;
}

const mostSteps = 100;
const ridge = 1e-12;
const indistinct = 1e-11;

/** 1 / (1 + e^−x), 0 … 1, without overflow. */
export function logistic(x: number): number {
  if (x >= 0) return 1 / (1 + Math.exp(-x));
  const grown = Math.exp(x);
  return grown / (1 + grown);
}

/**
 * Platt scaling: the slope and intercept with the highest likelihood of the labels given raw scores (log-odds), for
 * targets drawn in from 1 and 0 to (N₊ + 1) / (N₊ + 2) and 1 / (N₋ + 2), so that separable scores have a finite
 * answer. Weights count a row more than once (default 1 each). Scores that are all equal get slope 0.
 *
 * NaN without rows of positive weight or with a NaN score.
 * Source: Platt (1999); Newton's method with backtracking of Lin, Lin & Weng, "A note on Platt's probabilistic
 * outputs for support vector machines" (2007).
 *
 * @throws RangeError when the vectors differ in length: a defect of the caller.
 */
export function fitPlatt(rawScores: Float64Array, labels: Uint8Array, weights?: ArrayLike<number>): PlattCalibration {
  requireSameLength(rawScores, labels);
  if (weights) requireSameLength(weights, labels);
  const problem = standardise(rawScores, labels, weights);
  if (!Number.isFinite(problem.center) || !Number.isFinite(problem.scale))
    return { slope: Number.NaN, intercept: Number.NaN };
  let slope = 0;
  let intercept = Math.log((problem.positives + 1) / (problem.negatives + 1));
  let loss = lossAt(problem, slope, intercept);
  for (let step = 0; step < mostSteps; step++) {
    const { gradient, hessian } = derivatives(problem, slope, intercept);
    const [aa, ab, bb] = hessian;
    const determinant = aa * bb - ab * ab;
    const slopeStep = -(bb * gradient[0] - ab * gradient[1]) / determinant;
    const interceptStep = -(aa * gradient[1] - ab * gradient[0]) / determinant;
    const descent = gradient[0] * slopeStep + gradient[1] * interceptStep;
    // So near that rounding in the sum of many losses could hide the rest; the last step, taken unseen, squares what is left.
    if (-descent <= indistinct * loss) {
      slope += slopeStep;
      intercept += interceptStep;
      break;
    }
    let length = 1;
    let next = lossAt(problem, slope + slopeStep, intercept + interceptStep);
    while (next > loss + 1e-4 * length * descent && length > 1e-10) {
      length /= 2;
      next = lossAt(problem, slope + length * slopeStep, intercept + length * interceptStep);
    }
    if (next > loss) break;
    slope += length * slopeStep;
    intercept += length * interceptStep;
    loss = next;
    if (
      Math.abs(slopeStep) < 1e-13 * (1 + Math.abs(slope)) &&
      Math.abs(interceptStep) < 1e-13 * (1 + Math.abs(intercept))
    )
      break;
  }
  return { slope: slope / problem.scale, intercept: intercept - (slope * problem.center) / problem.scale };
}

interface PlattProblem {
  scores: Float64Array;
  labels: Uint8Array;
  weights: ArrayLike<number> | undefined;
  positives: number;
  negatives: number;
  /** Weighted mean and standard deviation of the scores: Newton's steps are taken in standard units. */
  center: number;
  scale: number;
}

function standardise(
  rawScores: Float64Array,
  labels: Uint8Array,
  weights: ArrayLike<number> | undefined,
): PlattProblem {
  let positives = 0;
  let weight = 0;
  let sum = 0;
  for (let row = 0; row < labels.length; row++) {
    const w = weights?.[row] ?? 1;
    weight += w;
    positives += w * (labels[row] as number);
    sum += w * (rawScores[row] as number);
  }
  const center = sum / weight;
  let squares = 0;
  for (let row = 0; row < labels.length; row++)
    squares += (weights?.[row] ?? 1) * ((rawScores[row] as number) - center) ** 2;
  const scale = Math.sqrt(squares / weight) || (weight > 0 ? 1 : Number.NaN);
  const scores = rawScores.map((score) => (score - center) / scale);
  return {
    scores,
    labels,
    weights,
    positives,
    negatives: weight - positives,
    center,
    scale: Number.isNaN(squares) ? squares : scale,
  };
}

function targets({ positives, negatives }: PlattProblem): [number, number] {
  return [1 / (negatives + 2), (positives + 1) / (positives + 2)];
}

function lossAt(problem: PlattProblem, slope: number, intercept: number): number {
  const { scores, labels, weights } = problem;
  const [low, high] = targets(problem);
  let loss = 0;
  for (let row = 0; row < labels.length; row++) {
    const logOdds = slope * (scores[row] as number) + intercept;
    const target = labels[row] === 1 ? high : low;
    loss +=
      (weights?.[row] ?? 1) * (Math.max(logOdds, 0) - target * logOdds + Math.log1p(Math.exp(-Math.abs(logOdds))));
  }
  return loss;
}

function derivatives(problem: PlattProblem, slope: number, intercept: number) {
  const { scores, labels, weights } = problem;
  const [low, high] = targets(problem);
  let slopeGradient = 0;
  let interceptGradient = 0;
  let aa = ridge;
  let ab = 0;
  let bb = ridge;
  for (let row = 0; row < labels.length; row++) {
    const score = scores[row] as number;
    const weight = weights?.[row] ?? 1;
    const probability = logistic(slope * score + intercept);
    const error = weight * (probability - (labels[row] === 1 ? high : low));
    const curvature = weight * probability * (1 - probability);
    slopeGradient += error * score;
    interceptGradient += error;
    aa += curvature * score * score;
    ab += curvature * score;
    bb += curvature;
  }
  return { gradient: [slopeGradient, interceptGradient] as const, hessian: [aa, ab, bb] as const };
}
