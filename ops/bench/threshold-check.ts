import { type Manifest, performanceMetrics } from "../../src/models/manifest.ts";
import { cellCounts } from "../../src/models/profile.ts";
import type { LoadedModel } from "../../src/models/registry.ts";
import { attributionLaw } from "../../src/monitoring/attribution.ts";
import { countBins } from "../../src/monitoring/drift.ts";
import { createPsiThresholds, nullOf } from "../../src/monitoring/thresholds.ts";
import { classificationIntervals } from "../../src/statistics/classification-intervals.ts";
import { populationStabilityIndex } from "../../src/statistics/distance.ts";
import { normalQuantile } from "../../src/statistics/distributions.ts";
import { estimatePerformance } from "../../src/statistics/estimation.ts";
import { nullFromDraws, nullThreshold } from "../../src/statistics/null-distribution.ts";
import { createRandom, type Random } from "../../src/statistics/random.ts";
import { calibrationNulls } from "../../src/training/nulls.ts";
import type { Pool } from "./monitored-stream.ts";
import { printTable } from "./table.ts";

const windowSize = 2000;
const references = 40;
const windowsOfReference = 100;
const rates = [0.05, 0.01, 0.001];
/** Rows of a window of which the monitors know the explanation. */
const explainedOfWindow = 500;
/** Customers that are explained at all: it takes long. */
const explained = 30_000;

/** How often values beyond the stated rates were seen, by law. */
interface Exceeded {
  counts: number[];
  trials: number;
}

/**
 * The thresholds' laws held against resampling: how often windows exceed the value that a law says is exceeded with a rate, at
 * rates that so many windows can show. Alarms are raised at rates far below. A law allows for the chance in the reference as well
 * as in the window, so both are drawn, many times, in the sizes of the model's.
 * @param population customers that the model was not made from: their number stands for all there could be
 */
export function checkThresholds(model: LoadedModel, population: Pool): void {
  const random = createRandom(11);
  const exceeded = new Map<string, Exceeded>();
  const count = (name: string, isBeyond: (rate: number) => boolean): void => {
    const found = exceeded.get(name) ?? { counts: rates.map(() => 0), trials: 0 };
    rates.forEach((rate, r) => {
      if (isBeyond(rate)) found.counts[r] = (found.counts[r] as number) + 1;
    });
    found.trials++;
    exceeded.set(name, found);
  };
  for (let drawn = 0; drawn < references; drawn++) {
    const checks = [
      psiCheck(model.manifest, population, random),
      attributionCheck(model.manifest, population, random),
      performanceCheck(model.manifest, population, random),
    ];
    for (let window = 0; window < windowsOfReference; window++) {
      const rows = drawRows(population.customers.length, windowSize, random);
      for (const check of checks) check(rows, count);
    }
  }
  printTable(
    `Laws of the thresholds against ${references * windowsOfReference} windows of ${windowSize} undisturbed predictions, ${windowsOfReference} for each of ${references} references: how often a stated rate was exceeded`,
    [
      ["", ...rates.map(String)],
      ...[...exceeded].map(([name, { counts, trials }]) => [name, ...counts.map((n) => (n / trials).toPrecision(2))]),
    ],
  );
}

type Check = (window: Uint32Array, count: (name: string, isBeyond: (rate: number) => boolean) => void) => void;

const drawRows = (from: number, count: number, random: Random): Uint32Array =>
  Uint32Array.from({ length: count }, () => random.integer(from));

function psiCheck({ reference }: Manifest, population: Pool, random: Random): Check {
  const { features } = reference;
  const sizes = cellCounts(reference);
  const binsOf = (rows: Uint32Array): Float64Array[] => {
    const counts = sizes.map((size) => new Float64Array(size));
    for (const row of rows) {
      (population.cells[row] as Uint8Array).forEach((cell, column) => {
        const own = counts[column] as Float64Array;
        own[cell] = (own[cell] as number) + 1;
      });
    }
    return counts.map((cells, column) => {
      const feature = features[column];
      return feature ? countBins(feature, cells) : cells;
    });
  };
  const before = binsOf(drawRows(population.customers.length, reference.rows, random));
  // Those that are stored follow from the reference that was not drawn here.
  const thresholds = createPsiThresholds({ nulls: [] }, random);
  return (window, count) => {
    binsOf(window).forEach((bins, column) => {
      const counts = before[column] as Float64Array;
      const law = thresholds(features[column]?.name ?? null, counts, windowSize);
      const psi = populationStabilityIndex(counts, bins);
      count(`PSI, mean of ${sizes.length}`, (rate) => psi > law.threshold(rate));
    });
  };
}

function attributionCheck({ attribution, features }: Manifest, population: Pool, random: Random): Check {
  if (!attribution) return () => {};
  const sizesOf = (rows: Uint32Array): Float64Array[] => {
    const sizes = features.map(() => new Float64Array(rows.length));
    rows.forEach((row, i) => {
      population.contributionsOf(row).forEach((value, f) => {
        (sizes[f] as Float64Array)[i] = Math.abs(value);
      });
    });
    return sizes;
  };
  const laws = sizesOf(drawRows(explained, attribution.rows, random)).map((sizes) =>
    attributionLaw(nullFromDraws(sizes), explainedOfWindow, attribution.rows),
  );
  const thresholds = laws.map((law) => rates.map((rate) => nullThreshold(law, rate)));
  return (_, count) => {
    sizesOf(drawRows(explained, explainedOfWindow, random)).forEach((sizes, f) => {
      const mean = sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
      count(
        `attribution, mean of ${features.length}, above`,
        (rate) => mean > ((thresholds[f] as number[])[rates.indexOf(rate)] as number),
      );
    });
  };
}

function performanceCheck({ threshold, performance }: Manifest, population: Pool, random: Random): Check {
  const { rows: holdoutRows } = performance.holdout;
  const read = (rows: Uint32Array) => {
    const probabilities = Float64Array.from(rows, (row) => population.probabilities[row] as number);
    const labels = Uint8Array.from(rows, (row) => (population.customers[row]?.churned ? 1 : 0));
    return {
      probabilities,
      labels,
      realized: classificationIntervals(probabilities, labels, threshold),
      estimate: estimatePerformance(probabilities, threshold).metrics,
    };
  };
  const holdout = read(drawRows(population.customers.length, holdoutRows, random));
  const law = calibrationNulls(holdout.probabilities, holdout.labels, random).find(({ rows }) => rows === windowSize);
  return (window, count) => {
    const { realized, estimate } = read(window);
    for (const metric of performanceMetrics) {
      if (metric === "calibration_error") {
        if (law) count(`realized ${metric}`, (rate) => realized[metric].value > nullThreshold(nullOf(law), rate));
        continue;
      }
      const usual = holdout.realized[metric];
      const spread = usual.standardError * Math.sqrt(1 + holdoutRows / windowSize);
      const isError = ["brier", "log_loss"].includes(metric);
      const z = ((realized[metric].value - usual.value) / spread) * (isError ? 1 : -1);
      count(`realized ${metric}`, (rate) => z > normalQuantile(1 - rate));
      const bias = holdout.estimate[metric].value - usual.value;
      const error = estimate[metric].value - realized[metric].value - bias;
      const own = estimate[metric].standardError * Math.sqrt(1 + windowSize / holdoutRows);
      count(`estimate_error ${metric}`, (rate) => Math.abs(error) > own * normalQuantile(1 - rate / 2));
    }
  };
}
