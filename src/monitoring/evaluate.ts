import type { Manifest } from "../models/manifest.ts";
import type { Random } from "../statistics/random.ts";
import { type AttributionWindow, attributionFindings } from "./attribution.ts";
import { type BinShare, distributionsOf } from "./distributions.ts";
import { countBins, featureDrift, predictionDrift } from "./drift.ts";
import { type Evidence, type Finding, withEvidence } from "./finding.ts";
import { createLabelMonitor } from "./labels.ts";
import { createMultivariateMonitor } from "./multivariate.ts";
import { estimatedPerformance, realizedPerformance } from "./performance.ts";
import { createQuality } from "./quality.ts";
import type { Refused } from "./refusals.ts";
import { createSegmentMonitor } from "./segments.ts";
import { streamFindings } from "./stream.ts";
import { createPsiThresholds } from "./thresholds.ts";
import type { Window } from "./window.ts";

/** Everything that one look at the window found. */
export interface Evaluation {
  findings: Finding[];
  rows: number;
  from: number | null;
  to: number | null;
  /** Share of the window's predictions whose label is known; NaN for an empty window. */
  coverage: number;
  /** Labelled predictions of the window by "actual:predicted". */
  confusion: Record<string, number>;
  /** Counts of the window by bin of each feature, then of the score. */
  bins: Float64Array[];
}

export interface Circumstances {
  /** Milliseconds since the epoch. */
  now: number;
  /** Requests refused in the time of the window. */
  refused: Refused;
}

/** What is looked at: the window, and explanations of some of its newest predictions. */
export interface Watched {
  window: Window;
  attributions: AttributionWindow;
}

export type Evaluator = ReturnType<typeof createEvaluator>;

/**
 * Looks at windows of one model's predictions. It keeps what thresholds it has worked out, and nothing of the windows.
 * @param delays of labels that came before (seconds)
 */
export function createEvaluator(manifest: Manifest, random: Random, delays: Float64Array = new Float64Array()) {
  const { reference } = manifest;
  const thresholds = createPsiThresholds(reference, random);
  const featureQuality = createQuality(reference);
  const labelFindings = createLabelMonitor(delays);
  const segmentFindings = createSegmentMonitor(reference);
  const multivariateFindings = createMultivariateMonitor(reference);

  return async function evaluate(
    { window, attributions }: Watched,
    { now, refused }: Circumstances,
  ): Promise<Evaluation> {
    const realized = realizedPerformance(window, manifest);
    const findings: Finding[] = [
      ...realized.findings,
      ...estimatedPerformance(window, manifest),
      ...segmentFindings(window),
      ...labelFindings(window, now),
      predictionDrift(reference, window, thresholds),
      ...attributionFindings(attributions, manifest),
      ...(await multivariateFindings(window)),
      ...featureDrift(reference, window, thresholds).flatMap((drift, column) => [
        drift,
        ...featureQuality(column, window),
      ]),
      ...streamFindings(window, reference.rows, refused, now),
    ];
    const bins = [
      ...reference.features.map((feature, column) => countBins(feature, window.counts(column))),
      window.counts(reference.features.length),
    ];
    const { features, score } = distributionsOf(reference, bins);
    return {
      findings: findings.map((found) =>
        found.evidence ? found : withEvidence(found, () => inputEvidence(found, features, score)),
      ),
      rows: window.rows,
      from: window.from,
      to: window.to,
      coverage: realized.coverage,
      confusion: realized.confusion,
      bins,
    };
  };
}

/** What a figure is about that has no evidence of its own: the distribution of its feature, or of the scores. */
function inputEvidence({ feature }: Finding, features: ReadonlyMap<string, BinShare[]>, score: BinShare[]): Evidence {
  return feature === null
    ? { about: "predictions of the window by probability, beside those of the reference", bins: score }
    : {
        about: `predictions of the window by ${feature}, beside those of the reference`,
        bins: features.get(feature) ?? [],
      };
}
