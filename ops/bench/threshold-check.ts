import { performanceMetrics } from "../../src/models/manifest.ts";
import { cellCounts } from "../../src/models/profile.ts";
import type { LoadedModel } from "../../src/models/registry.ts";
import { attributionLaw } from "../../src/monitoring/attribution.ts";
import { countBins } from "../../src/monitoring/drift.ts";
import { createPsiThresholds, nullOf } from "../../src/monitoring/thresholds.ts";
import { createWindow, labelledRows } from "../../src/monitoring/window.ts";
import { classificationIntervals } from "../../src/statistics/classification-intervals.ts";
import { populationStabilityIndex } from "../../src/statistics/distance.ts";
import { normalQuantile } from "../../src/statistics/distributions.ts";
import { estimatePerformance } from "../../src/statistics/estimation.ts";
import { nullThreshold } from "../../src/statistics/null-distribution.ts";
import { createRandom } from "../../src/statistics/random.ts";
import type { Pool } from "./monitored-stream.ts";
import { printTable } from "./table.ts";

const windowSize = 2000;
const windows = 4000;
const rates = [0.05, 0.01, 0.001];
/** Rows of which the monitors know the explanation. */
const explained = 500;

/**
 * The thresholds' laws held against resampling: how often windows drawn from held-out customers exceed the value that a law says
 * is exceeded with a rate, at rates that so many windows can show. Alarms are raised at rates far below.
 */
export function checkThresholds(model: LoadedModel, pool: Pool): void {
  const { manifest } = model;
  const { reference, threshold, performance, estimated } = manifest;
  const random = createRandom(11);
  const thresholds = createPsiThresholds(reference, random);
  const exceeded = new Map<string, number[]>();
  const count = (name: string, isBeyond: (rate: number) => boolean): void => {
    const counts = exceeded.get(name) ?? rates.map(() => 0);
    rates.forEach((rate, r) => {
      if (isBeyond(rate)) counts[r] = (counts[r] as number) + 1;
    });
    exceeded.set(name, counts);
  };
  const columns = [
    ...reference.features.map(({ name, counts }) => ({ name: name as string | null, counts })),
    { name: null, counts: reference.score.counts },
  ];
  for (let drawn = 0; drawn < windows; drawn++) {
    const window = createWindow({ limit: windowSize, cellCounts: cellCounts(reference) });
    for (let row = 0; row < windowSize; row++) {
      const chosen = random.integer(pool.customers.length);
      window.add({
        seq: row + 1,
        predictedAt: row,
        probability: pool.probabilities[chosen] as number,
        cells: pool.cells[chosen] as Uint8Array,
        fingerprint: row,
        label: { churned: pool.customers[chosen]?.churned === true, receivedAt: row },
      });
    }
    columns.forEach(({ name, counts }, column) => {
      const feature = reference.features[column];
      const cells = window.counts(column);
      const psi = populationStabilityIndex(counts, feature ? countBins(feature, cells) : cells);
      count("PSI, mean of 17", (rate) => psi > thresholds(name, counts, windowSize).threshold(rate));
    });
    const { attribution } = manifest;
    if (attribution) {
      const mean = new Float64Array(manifest.features.length);
      for (let row = 0; row < explained; row++) {
        pool.contributionsOf(random.integer(pool.customers.length)).forEach((value, f) => {
          mean[f] = (mean[f] as number) + Math.abs(value) / explained;
        });
      }
      manifest.features.forEach(({ name }, f) => {
        const usual = attribution.features[name];
        if (!usual) return;
        const law = attributionLaw(usual, explained, attribution.rows);
        count("attribution, mean of 16, above", (rate) => (mean[f] as number) > nullThreshold(law, rate));
      });
    }
    const { probabilities, labels } = labelledRows(window);
    const realized = classificationIntervals(probabilities, labels, threshold);
    const estimate = estimatePerformance(probabilities, threshold).metrics;
    for (const metric of performanceMetrics) {
      const usual = performance.holdout.metrics[metric];
      if (metric === "calibration_error") {
        const law = reference.nulls.find(({ statistic, rows }) => statistic === metric && rows === windowSize);
        if (law) count(`realized ${metric}`, (rate) => realized[metric].value > nullThreshold(nullOf(law), rate));
        continue;
      }
      const spread = (usual.standardError ?? Number.NaN) * Math.sqrt(1 + performance.holdout.rows / windowSize);
      const isError = ["brier", "log_loss"].includes(metric);
      const z = ((realized[metric].value - (usual.value ?? Number.NaN)) / spread) * (isError ? 1 : -1);
      count(`realized ${metric}`, (rate) => z > normalQuantile(1 - rate));
      const bias = (estimated[metric] ?? Number.NaN) - (usual.value ?? Number.NaN);
      const error = estimate[metric].value - realized[metric].value - bias;
      const own = estimate[metric].standardError * Math.sqrt(1 + windowSize / performance.holdout.rows);
      count(`estimate_error ${metric}`, (rate) => Math.abs(error) > own * normalQuantile(1 - rate / 2));
    }
  }
  printTable(
    `Laws of the thresholds against ${windows.toLocaleString("en")} resampled windows of ${windowSize.toLocaleString("en")} undisturbed predictions: how often a stated rate was exceeded`,
    [
      ["", ...rates.map(String)],
      ...[...exceeded].map(([name, counts]) => [
        name,
        ...counts.map((n) =>
          (
            n /
            windows /
            (name.startsWith("PSI") ? columns.length : name.startsWith("attribution") ? manifest.features.length : 1)
          ).toPrecision(2),
        ),
      ]),
    ],
  );
}
