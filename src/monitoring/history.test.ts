import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { generate } from "../data/synthetic.ts";
import { AppError } from "../errors.ts";
import type { LoadedModel } from "../models/registry.ts";
import { classificationMetrics } from "../statistics/classification.ts";
import { populationStabilityIndex } from "../statistics/distance.ts";
import { estimatePerformance } from "../statistics/estimation.ts";
import { createRandom } from "../statistics/random.ts";
import { createMonitoredStore } from "../storage/monitored.ts";
import { openStores } from "../storage/stores.ts";
import { createSumsStore } from "../storage/sums.ts";
import { temporaryFolder } from "../testing/service-process.ts";
import { loadSmallModel } from "../testing/small-model.ts";
import { replayedPrediction } from "../testing/stored-prediction.ts";
import { createCollector } from "./collect.ts";
import { countBins } from "./drift.ts";
import { createHistory } from "./history.ts";

const folder = temporaryFolder();
const customers = [...generate({ rows: 3000, seed: 5 })];
let model: LoadedModel;
let probabilities: Float32Array;
const start = Date.UTC(2026, 0, 1, 10);
const every = 2000;

beforeAll(async () => {
  model = await loadSmallModel(folder.path, 20_000);
  const width = model.manifest.features.length;
  const features = new Float32Array(customers.length * width);
  customers.forEach(({ customer }, i) => void model.encode(customer, features, i * width));
  probabilities = await model.session.score(features, customers.length);
}, 60_000);
afterAll(() => folder.remove());

function createScene() {
  const stores = openStores(":memory:");
  const collect = createCollector({
    monitored: createMonitoredStore(stores.database),
    readManifest(version) {
      if (version !== model.manifest.version) throw new AppError("unavailable", `the files of ${version} are gone`);
      return model.manifest;
    },
    most: 2000,
  });
  const insert = (from: number, to: number, modelVersion = model.manifest.version): number[] =>
    stores.predictions
      .append(
        customers.slice(from, to).map(({ customer }, i) => ({
          ...replayedPrediction(model, customer, probabilities[from + i] as number),
          predictedAt: start + (from + i) * every,
          modelVersion,
        })),
      )
      .map(({ seq }) => seq);
  const label = (seq: number, churned: boolean, status: "recorded" | "corrected" | "unchanged") =>
    stores.labels.appendHistory(seq, { churned, observedAt: 0, receivedAt: 0 }, status);
  const step = (store = stores.sums) => {
    const { rows, progress, isPart } = collect(store.progress());
    store.add(rows, progress);
    return isPart;
  };
  const read = (store = stores.sums) => createHistory(model.manifest, store, createRandom(1));
  return { stores, insert, label, step, read };
}

describe("long windows", () => {
  test("say of an hour what its rows say", () => {
    const { insert, label, step, read } = createScene();
    const seqs = insert(0, 1800);
    step();
    seqs.forEach((seq, i) => {
      const { churned } = customers[i] as (typeof customers)[number];
      if (i % 10 === 0) {
        label(seq, !churned, "recorded");
        label(seq, churned, "corrected");
        label(seq, !churned, "unchanged");
      } else label(seq, churned, "recorded");
    });
    step();
    step();
    const [hour, ...others] = read()({ span: "hour", from: start, to: start + 3_600_000 });
    expect(others).toEqual([]);
    expect([hour?.from, hour?.to]).toEqual([start, start + 3_600_000]);
    const figure = (monitor: string, metric: string, feature: string | null = null) =>
      hour?.results.find((f) => f.monitor === monitor && f.metric === metric && f.feature === feature)?.value as number;

    const p = Float64Array.from(probabilities.subarray(0, 1800));
    const labels = Uint8Array.from(customers.slice(0, 1800), ({ churned }) => (churned ? 1 : 0));
    const { threshold, reference } = model.manifest;
    const realized = classificationMetrics(p, labels, threshold);
    const estimated = estimatePerformance(p, threshold).metrics;
    for (const metric of ["accuracy", "precision", "recall", "f1", "brier", "log_loss", "calibration_error"] as const)
      expect(figure("realized", metric)).toBeCloseTo(realized[metric], 9);
    for (const metric of ["accuracy", "precision", "recall", "f1", "brier", "log_loss"] as const)
      expect(figure("estimated", metric)).toBeCloseTo(estimated[metric].value, 9);
    for (const metric of ["roc_auc", "average_precision"] as const) {
      expect(Math.abs(figure("realized", metric) - realized[metric])).toBeLessThan(0.01);
      expect(Math.abs(figure("estimated", metric) - estimated[metric].value)).toBeLessThan(0.01);
    }
    expect(figure("labels", "coverage")).toBe(1);
    reference.features.forEach((feature, column) => {
      const cells = new Float64Array(feature.counts.length + 2);
      customers.slice(0, 1800).forEach(({ customer }, i) => {
        const cell = model.binner.cells(customer, p[i] as number)[column] as number;
        cells[cell] = (cells[cell] as number) + 1;
      });
      const psi = populationStabilityIndex(feature.counts, countBins(feature, cells));
      expect(figure("drift", "psi", feature.name)).toBeCloseTo(psi, 12);
    });
  });

  test("are the same in one piece, in several, from several writers, and rolled up into hours", () => {
    const results = (["whole", "parts", "writers", "rolled"] as const).map((way) => {
      const { stores, insert, label, step, read } = createScene();
      const other = createSumsStore(stores.database, "another");
      for (const [from, to] of way === "whole"
        ? [[0, 3000]]
        : [
            [0, 700],
            [700, 701],
            [701, 3000],
          ]) {
        insert(from as number, to as number).forEach((seq, i) => {
          label(seq, customers[(from as number) + i]?.churned === true, "recorded");
        });
        if (way === "writers" && from === 700) step(other);
        else if (way !== "whole") step();
      }
      while (step());
      if (way === "rolled") {
        const minutes = Math.ceil((3000 * every) / 60_000);
        expect(stores.sums.rollUp(start + 3_600_000_000, 10_000)).toBe(minutes);
        expect(stores.sums.rollUp(start + 3_600_000_000, 10_000)).toBe(0);
      }
      const found = (["hour", "day", "30d"] as const).flatMap((span) =>
        read()({ span, from: start, to: start + 2 * 3_600_000 }).flatMap((spanned) =>
          spanned.results.map(({ monitor, metric, feature, value, rows }) => [
            spanned.from,
            monitor,
            metric,
            feature,
            rows,
            Number(value.toPrecision(9)),
          ]),
        ),
      );
      stores.close();
      return found;
    });
    expect(results[0]?.length).toBeGreaterThan(200);
    for (const other of results.slice(1)) expect(other).toEqual(results[0] as never);
  });

  test("pass over a version whose files are gone, and go on", () => {
    const { stores, insert, label, step, read } = createScene();
    const gone = insert(0, 400, "20200101T000000");
    insert(400, 800);
    gone.forEach((seq) => void label(seq, true, "recorded"));
    step();
    expect(stores.sums.progress()).toEqual({ predictions: 800, labels: 400 });
    const [day] = read()({ span: "day", from: start, to: start + 3_600_000 });
    expect(day?.results.find(({ monitor }) => monitor === "drift")?.rows).toBe(400);
  });

  test("are empty when there is nothing, and NaN when there is too little", () => {
    const { insert, step, read } = createScene();
    expect(read()({ span: "day", from: start, to: start + 1 })).toEqual([]);
    insert(0, 20);
    step();
    const [day] = read()({ span: "day", from: start, to: start + 3_600_000 });
    expect(day?.results.filter(({ metric }) => metric !== "coverage").every(({ value }) => Number.isNaN(value))).toBe(
      true,
    );
    expect(day?.results.find(({ monitor }) => monitor === "drift")?.rows).toBe(20);
  });
});
