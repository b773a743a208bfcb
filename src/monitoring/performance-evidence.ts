import type { Manifest, PerformanceMetric } from "../models/manifest.ts";
import { sharesOf } from "./distributions.ts";
import type { Evidence } from "./finding.ts";
import { createTenths, tenthLabels } from "./tenths.ts";

type Model = Pick<Manifest, "threshold" | "performance"> & { reference: Pick<Manifest["reference"], "calibration"> };

interface Labelled {
  probabilities: Float64Array;
  labels: Uint8Array;
}

/** Those that look at classes alone; the others look at probabilities. */
const ofClasses: readonly PerformanceMetric[] = ["accuracy", "precision", "recall", "f1"];

const outcomeLabels = ["true positive", "false positive", "false negative", "true negative"];
const outcomeOf = (isCalled: boolean, churned: boolean): number => (churned ? (isCalled ? 0 : 2) : isCalled ? 1 : 3);
const increase = (counts: number[], at: number, by: number): void => {
  counts[at] = (counts[at] as number) + by;
};

/** What labels show beside what they showed on the holdout, or for the probabilities of churners on the validation part. */
export function realizedEvidence(metric: PerformanceMetric, rows: Labelled, model: Model): Evidence {
  if (ofClasses.includes(metric)) {
    const { truePositives, falsePositives, falseNegatives, trueNegatives } = model.performance.holdout.confusion;
    return {
      about: "labelled predictions of the window by outcome, beside those of the holdout",
      bins: sharesOf(
        outcomeLabels,
        [truePositives, falsePositives, falseNegatives, trueNegatives],
        outcomesOf(rows, model.threshold),
      ),
    };
  }
  const usual = createTenths();
  for (const { predicted, observed, rows } of model.reference.calibration) usual.add(predicted, observed * rows);
  return {
    about: "customers of the window who churned by the probability they were given, beside those of the reference",
    bins: sharesOf(tenthLabels, usual.sums, churnersOf(rows)),
  };
}

/** What labels show beside what the probabilities of the same rows let expect. */
export function estimateEvidence(metric: PerformanceMetric, rows: Labelled, { threshold }: Model): Evidence {
  const { probabilities } = rows;
  if (ofClasses.includes(metric)) {
    const expected = outcomeLabels.map(() => 0);
    for (const probability of probabilities) {
      const isCalled = probability >= threshold;
      increase(expected, outcomeOf(isCalled, true), probability);
      increase(expected, outcomeOf(isCalled, false), 1 - probability);
    }
    return {
      about: "labelled predictions of the window by outcome, beside what their probabilities let expect",
      bins: sharesOf(outcomeLabels, expected, outcomesOf(rows, threshold)),
    };
  }
  const expected = createTenths();
  for (const probability of probabilities) expected.add(probability, probability);
  return {
    about:
      "customers of the window who churned by the probability they were given, beside what the probabilities let expect",
    bins: sharesOf(tenthLabels, expected.sums, churnersOf(rows)),
  };
}

function outcomesOf({ probabilities, labels }: Labelled, threshold: number): number[] {
  const counts = outcomeLabels.map(() => 0);
  probabilities.forEach((probability, row) => {
    increase(counts, outcomeOf(probability >= threshold, labels[row] === 1), 1);
  });
  return counts;
}

function churnersOf({ probabilities, labels }: Labelled): Float64Array {
  const tenths = createTenths();
  probabilities.forEach((probability, row) => {
    if (labels[row] === 1) tenths.add(probability);
  });
  return tenths.sums;
}
