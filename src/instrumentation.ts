import { numericNames } from "./customer.ts";
import { rejectionReasons } from "./errors.ts";
import type { FeedbackOutcome } from "./feedback/service.ts";
import type { Metrics } from "./metrics.ts";
import { performanceMetrics } from "./models/manifest.ts";
import { binLabels, binOfCell, cellCount, type ReferenceProfile } from "./models/profile.ts";
import type { Model } from "./models/registry.ts";
import { monitorNames } from "./monitoring/finding.ts";
import type { MonitorPass } from "./monitoring/monitors.ts";
import type { Prediction } from "./predictions/service.ts";
import { type MonitorResult, severities } from "./storage/monitor-results.ts";

const scoreBuckets = Array.from({ length: 20 }, (_, i) => (i + 1) / 20);

/** Turns what happens in the service into the metrics of the catalogue. */
export function createInstrumentation(metrics: Metrics) {
  const { instruments } = metrics;
  // Cells of every feature since the start, counted in plain arrays: a counter update for each would cost more than scoring.
  let counts: { profile: ReferenceProfile; cells: Float64Array[] } | null = null;

  function exposeBins(): void {
    if (!counts) return;
    const { profile, cells } = counts;
    instruments.featureBins.reset();
    profile.features.forEach((feature, f) => {
      const bins = new Float64Array(feature.counts.length);
      (cells[f] as Float64Array).forEach((count, cell) => {
        const bin = binOfCell(feature, cell);
        bins[bin] = (bins[bin] ?? 0) + count;
      });
      binLabels(feature).forEach((bin, b) => void instruments.featureBins.inc({ feature: feature.name, bin }, bins[b]));
    });
  }
  metrics.beforeScrape(exposeBins);
  // A series that begins at its first event hides that event from rates.
  for (const reason of rejectionReasons) instruments.rejections.inc({ reason }, 0);
  for (const status of ["recorded", "unchanged", "corrected", "pending", "rejected"])
    instruments.feedback.inc({ status }, 0);

  return {
    onModel({ manifest }: Pick<Model, "manifest">): void {
      const { version, threshold, reference } = manifest;
      instruments.modelInfo.reset();
      instruments.modelInfo.set(
        {
          model_version: version,
          trained_at: new Date(manifest.trainedAt).toISOString(),
          rows: String(manifest.data.rows),
          learner: manifest.learner.name,
        },
        1,
      );
      instruments.decisionThreshold.reset();
      instruments.decisionThreshold.set({ model_version: version }, threshold);
      metrics.rebucket(
        "probability",
        [...new Set([...scoreBuckets, threshold])].sort((a, b) => a - b),
      );
      instruments.probability.zero({ model_version: version });
      for (const predicted_class of ["0", "1"])
        instruments.predictions.inc({ model_version: version, predicted_class }, 0);

      counts = { profile: reference, cells: reference.features.map((feature) => new Float64Array(cellCount(feature))) };
      instruments.featureReference.reset();
      for (const feature of reference.features) {
        binLabels(feature).forEach((bin, b) => {
          instruments.featureReference.set(
            { feature: feature.name, bin },
            (feature.counts[b] as number) / reference.rows,
          );
        });
        instruments.featureMissing.set({ feature: feature.name }, Number.NaN);
        if (numericNames.some((name) => name === feature.name))
          instruments.featureOutOfRange.set({ feature: feature.name }, Number.NaN);
        else instruments.featureUnseen.set({ feature: feature.name }, Number.NaN);
      }
      for (const metric of performanceMetrics) {
        for (const gauge of [
          "realized",
          "realizedLower",
          "realizedUpper",
          "estimated",
          "estimatedLower",
          "estimatedUpper",
        ] as const) {
          instruments[gauge].set({ metric }, Number.NaN);
        }
      }
      instruments.labelCoverage.set(Number.NaN);
    },

    /** @param cells rows × columns of the reference profile, in the order of the predictions */
    onStored(predictions: readonly Prediction[], cells: Uint8Array): void {
      const [first] = predictions;
      if (!first) return;
      const { model_version } = first;
      const churners = predictions.reduce((sum, { churn }) => sum + (churn ? 1 : 0), 0);
      instruments.predictions.inc({ model_version, predicted_class: "1" }, churners);
      instruments.predictions.inc({ model_version, predicted_class: "0" }, predictions.length - churners);
      const probabilities = instruments.probability.labels({ model_version });
      for (const { probability } of predictions) probabilities.observe(probability);
      const width = cells.length / predictions.length;
      counts?.cells.forEach((feature, f) => {
        for (let i = f; i < cells.length; i += width) {
          const cell = cells[i] as number;
          feature[cell] = (feature[cell] as number) + 1;
        }
      });
    },

    onFeedback(outcomes: readonly FeedbackOutcome[]): void {
      for (const outcome of outcomes) {
        instruments.feedback.inc({ status: outcome.status });
        if (outcome.status === "recorded" && outcome.delaySeconds !== null)
          instruments.feedbackDelay.observe(outcome.delaySeconds);
      }
    },

    onMonitorPass({ results, coverage, confusion, evaluatedAt }: MonitorPass): void {
      for (const result of results) exposeResult(result);
      exposePerformanceThresholds(results);
      instruments.labelCoverage.set(coverage);
      for (const [cell, count] of Object.entries(confusion)) {
        const [actual, predicted] = cell.split(":") as [string, string];
        instruments.confusion.set({ actual, predicted }, count);
      }
      const looking = new Set(results.map((result) => result.monitor));
      forgetOthers(looking);
      for (const monitor of looking) {
        const own = results.filter((result) => result.monitor === monitor);
        instruments.monitorRows.set({ monitor }, Math.max(...own.map((result) => result.rows)));
        instruments.monitorAlarm.set({ monitor }, own.some((result) => result.verdict === "alarm") ? 1 : 0);
        instruments.monitorSeverity.set(
          { monitor },
          Math.max(...own.map(({ severity }) => severities.indexOf(severity))),
        );
        instruments.monitorLastSuccess.set({ monitor }, evaluatedAt / 1000);
      }
    },
  };

  /** A monitor that this model has not (attribution, of a model without trees) would else stand there as one that has stopped. */
  function forgetOthers(looking: ReadonlySet<string>): void {
    for (const monitor of monitorNames) {
      if (looking.has(monitor)) continue;
      for (const gauge of ["monitorRows", "monitorAlarm", "monitorSeverity", "monitorLastSuccess"] as const)
        instruments[gauge].remove({ monitor });
    }
    if (looking.has("attribution")) return;
    instruments.featureAttribution.reset();
    instruments.featureAttributionThreshold.reset();
  }

  /** The bounds that labels are held against, or, where too few are known, those of the estimate, which is then all there is. */
  function exposePerformanceThresholds(results: readonly MonitorResult[]): void {
    for (const monitor of ["estimated", "realized"] as const) {
      for (const { metric, verdict, thresholdLower, thresholdUpper } of results.filter(
        (result) => result.monitor === monitor && result.metric !== "specificity",
      )) {
        if (monitor === "realized" && (verdict === "insufficient" || verdict === "immature")) continue;
        instruments.performanceThreshold.set({ metric, bound: "lower" }, thresholdLower);
        instruments.performanceThreshold.set({ metric, bound: "upper" }, thresholdUpper);
      }
    }
  }

  function exposeResult(result: MonitorResult): void {
    const { metric, value, lower, upper, thresholdLower, thresholdUpper } = result;
    const feature = result.feature ?? "";
    // Told by GET /monitoring; the gauges have the metrics that are judged.
    if (metric === "specificity") return;
    switch (result.monitor) {
      case "quality":
        if (metric === "missing_ratio") instruments.featureMissing.set({ feature }, value);
        else if (metric === "unseen_ratio") instruments.featureUnseen.set({ feature }, value);
        else instruments.featureOutOfRange.set({ feature }, value);
        return;
      case "drift":
        instruments.featureDrift.set({ feature, method: metric }, value);
        instruments.featureDriftThreshold.set({ feature, method: metric }, thresholdUpper);
        return;
      case "prediction":
        instruments.predictionDrift.set({ method: metric }, value);
        instruments.predictionDriftThreshold.set({ method: metric }, thresholdUpper);
        return;
      case "realized":
        instruments.realized.set({ metric }, value);
        instruments.realizedLower.set({ metric }, lower);
        instruments.realizedUpper.set({ metric }, upper);
        return;
      case "estimated":
        instruments.estimated.set({ metric }, value);
        instruments.estimatedLower.set({ metric }, lower);
        instruments.estimatedUpper.set({ metric }, upper);
        return;
      case "estimate_error":
        instruments.estimateError.set({ metric }, value);
        return;
      case "segment":
        instruments.segmentBrier.set({ feature }, value);
        instruments.segmentBrierThreshold.set({ feature }, thresholdUpper);
        return;
      case "attribution":
        instruments.featureAttribution.set({ feature }, value);
        instruments.featureAttributionThreshold.set({ feature, bound: "lower" }, thresholdLower);
        instruments.featureAttributionThreshold.set({ feature, bound: "upper" }, thresholdUpper);
        return;
      case "multivariate":
        instruments.multivariateDrift.set({ method: metric }, value);
        instruments.multivariateDriftThreshold.set({ method: metric }, thresholdUpper);
        return;
      case "labels":
        if (metric === "delay_seconds") instruments.labelDelay.set(value);
        else if (metric === "due_coverage") instruments.labelDueCoverage.set(value);
        return;
      case "stream":
        if (metric === "age_seconds") instruments.streamAge.set(value);
        else if (metric === "duplicate_ratio") instruments.streamDuplicates.set(value);
        else instruments.streamRefused.set(value);
        return;
    }
  }
}
