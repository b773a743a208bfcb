import { join } from "node:path";
import { cellCounts } from "../../src/models/profile.ts";
import { featureDrift, predictionDrift } from "../../src/monitoring/drift.ts";
import { estimatedPerformance, realizedPerformance } from "../../src/monitoring/performance.ts";
import { createQuality } from "../../src/monitoring/quality.ts";
import { createMonitoringThread } from "../../src/monitoring/thread.ts";
import { createPsiThresholds } from "../../src/monitoring/thresholds.ts";
import { createWindow } from "../../src/monitoring/window.ts";
import { createRandom } from "../../src/statistics/random.ts";
import { inTransaction } from "../../src/storage/database.ts";
import { preparePool } from "./monitored-stream.ts";
import { median, printTable } from "./table.ts";
import { loadModel } from "./trained-model.ts";

const rows = 1_000_000;
const repeats = 5;

/** Median seconds of some repeats. */
function measure(work: () => unknown): number {
  const seconds = Array.from({ length: repeats }, () => {
    const start = performance.now();
    work();
    return (performance.now() - start) / 1000;
  });
  return median(seconds);
}

/** Longest time (milliseconds) that a timer of this thread was late while `work` went on elsewhere. */
async function longestBlock(work: () => Promise<unknown>): Promise<{ block: number; seconds: number }> {
  let last = performance.now();
  let block = 0;
  const timer = setInterval(() => {
    const now = performance.now();
    block = Math.max(block, now - last - 1);
    last = now;
  }, 1);
  const start = performance.now();
  await work();
  clearInterval(timer);
  return { block, seconds: (performance.now() - start) / 1000 };
}

/** What a look costs over a window of a million predictions of 16 fields and a score. */
export async function benchMonitorCost(directory: string): Promise<void> {
  process.stderr.write(`filling a window of ${rows.toLocaleString("en")} predictions\n`);
  const { model, customers, stores } = await loadModel(directory);
  const { manifest } = model;
  const { reference } = manifest;
  const pool = await preparePool(model, customers);
  const window = createWindow({ limit: rows, cellCounts: cellCounts(reference) });
  const random = createRandom(1);
  const chunk = 10_000;
  for (let start = 0; start < rows; start += chunk) {
    inTransaction(stores.database, () => {
      for (let i = start; i < start + chunk; i++) {
        const drawn = random.integer(customers.length);
        const labelled = customers[drawn];
        const probability = pool.probabilities[drawn] as number;
        const cells = pool.cells[drawn] as Uint8Array;
        if (!labelled) continue;
        const seq = stores.predictions.insert({
          id: `bench-${i}`,
          userId: labelled.customer.user_id,
          predictedAt: i,
          modelVersion: manifest.version,
          source: "replay",
          customer: JSON.stringify(labelled.customer),
          probability,
          threshold: manifest.threshold,
          churn: probability >= manifest.threshold,
          cells,
        });
        const label = { churned: labelled.churned, observedAt: i, receivedAt: i + 1000 };
        stores.labels.put(seq, label);
        window.add({ seq, predictedAt: i, probability, cells, fingerprint: drawn, label });
      }
    });
  }
  const thresholds = createPsiThresholds(reference, random);
  const featureQuality = createQuality(reference);
  const drift = () => {
    reference.features.map((_, column) => [
      featureDrift(reference, column, window, thresholds),
      featureQuality(column, window),
    ]);
    predictionDrift(reference, window, thresholds);
  };
  const first = measure(() => drift());
  const quality = () => {
    estimatedPerformance(window, manifest);
    realizedPerformance(window, manifest);
  };
  const performanceSeconds = measure(quality);
  const thread = createMonitoringThread({
    databaseFile: join(directory, "service.db"),
    modelsFolder: join(directory, "models"),
    windowSize: rows,
    seed: 1,
  });
  const look = () => thread.look(manifest.version, { now: rows, refused: 0 });
  const opened = await longestBlock(look);
  const next = await longestBlock(look);
  const idle = await longestBlock(() => Bun.sleep(1000 * opened.seconds));
  thread.close();
  stores.close();
  printTable(`Cost of a look at ${rows.toLocaleString("en")} predictions × 17 columns, medians of ${repeats}`, [
    ["", "seconds", "wanted"],
    ["drift and quality of 16 fields, drift of the score", first.toFixed(4), "< 0.3"],
    ["estimated (CBPE) and realized performance", performanceSeconds.toFixed(2), "< 1"],
    ["first look of the thread, window read from the database", opened.seconds.toFixed(2), ""],
    ["next look of the thread, all monitors", next.seconds.toFixed(2), ""],
    ["longest block of the event loop meanwhile", (Math.max(opened.block, next.block) / 1000).toFixed(4), "<= 0.0100"],
    ["the same without any look, for as long", (idle.block / 1000).toFixed(4), ""],
  ]);
}
