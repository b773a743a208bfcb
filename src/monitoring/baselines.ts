import type { PerformanceMetric } from "../models/manifest.ts";

interface Baseline {
  /** From the share of churners, 0–1. */
  of(share: number): number;
  /** The same in PromQL, from an expression of that share. */
  promql(share: string): string;
}

/**
 * What a forecast without any model reaches: everyone churns, nobody does, or each with the share of churners. Recall has none,
 * since whoever calls everyone finds all; nor has the calibration error.
 */
export const baselines: Partial<Record<PerformanceMetric, Baseline>> = {
  // As an expression of the share, so that it is not there either while no label is.
  roc_auc: { of: (p) => 0 * p + 0.5, promql: (p) => `0 * ${p} + 0.5` },
  average_precision: { of: (p) => p, promql: (p) => p },
  f1: { of: (p) => (2 * p) / (1 + p), promql: (p) => `2 * ${p} / (1 + ${p})` },
  precision: { of: (p) => p, promql: (p) => p },
  accuracy: { of: (p) => 1 - p, promql: (p) => `1 - ${p}` },
  brier: { of: (p) => p * (1 - p), promql: (p) => `${p} * (1 - ${p})` },
  log_loss: {
    of: (p) => -p * Math.log(p) - (1 - p) * Math.log(1 - p),
    promql: (p) => `-${p} * ln(${p}) - (1 - ${p}) * ln(1 - ${p})`,
  },
};
