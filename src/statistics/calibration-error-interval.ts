import { normalCdf } from "./distributions.ts";
import { confidenceLevel, type Interval, normalInterval, undefinedInterval } from "./intervals.ts";
import { calibrationBin, calibrationBins, expectedCalibrationError } from "./probability-scores.ts";

/**
 * Expected calibration error with the spread that the statistic has over samples of this size: the gaps of the bins
 * are jointly normal about those observed, so the absolute value of each is folded normal. The expected error of a
 * finite sample is above the true one (a calibrated model does not reach 0), and the interval is for the former.
 *
 * Range: 0 … 1; NaN without rows or with a probability that is NaN or outside 0 … 1.
 * Source: Leone, Nelson & Nottingham, "The folded normal distribution" (1961).
 */
export function calibrationErrorInterval(
  probabilities: Float64Array,
  labels: Uint8Array,
  level = confidenceLevel,
): Interval {
  const value = expectedCalibrationError(probabilities, labels);
  if (Number.isNaN(value)) return undefinedInterval;
  const rows = labels.length;
  const gaps = new Float64Array(calibrationBins);
  const squares = new Float64Array(calibrationBins);
  for (let row = 0; row < rows; row++) {
    const gap = (probabilities[row] as number) - (labels[row] as number);
    const bin = calibrationBin(probabilities[row] as number);
    gaps[bin] = (gaps[bin] as number) + gap;
    squares[bin] = (squares[bin] as number) + gap * gap;
  }
  let variance = 0;
  let signed = 0;
  let signedSquares = 0;
  for (let bin = 0; bin < calibrationBins; bin++) {
    const gap = gaps[bin] as number;
    const folded = foldedNormal(gap, Math.sqrt(Math.max(0, (squares[bin] as number) - (gap * gap) / rows)));
    variance += folded.variance;
    signed += folded.slope * gap;
    signedSquares += (folded.slope * gap) ** 2;
  }
  // A row is in one bin only, so that the gaps of two bins have covariance −(gap · gap) / rows.
  variance = Math.max(0, variance - (signed * signed - signedSquares) / rows);
  return normalInterval(value, Math.sqrt(variance) / rows, { least: 0, most: 1, level });
}

/** |X| for X normal: its variance, and by how much its mean grows with that of X. */
function foldedNormal(mean: number, deviation: number): { variance: number; slope: number } {
  if (deviation === 0) return { variance: 0, slope: Math.sign(mean) };
  const ratio = mean / deviation;
  const slope = 1 - 2 * normalCdf(-ratio);
  const folded = deviation * Math.sqrt(2 / Math.PI) * Math.exp((-ratio * ratio) / 2) + mean * slope;
  return { variance: Math.max(0, mean * mean + deviation * deviation - folded * folded), slope };
}
