import { cellCounts } from "../../src/models/profile.ts";
import { featureDrift, predictionDrift } from "../../src/monitoring/drift.ts";
import { estimatedPerformance, realizedPerformance } from "../../src/monitoring/performance.ts";
import { createQuality } from "../../src/monitoring/quality.ts";
import { createPsiThresholds } from "../../src/monitoring/thresholds.ts";
import { createWindow } from "../../src/monitoring/window.ts";
import { createRandom } from "../../src/statistics/random.ts";
import { inTransaction } from "../../src/storage/database.ts";
import type { PredictionKey } from "../../src/storage/predictions.ts";
import type { EventLoopBlocks } from "./event-loop.ts";
import { preparePool } from "./monitored-stream.ts";
import { median, printTable } from "./table.ts";
import { loadModel, runScript } from "./trained-model.ts";

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
        const [{ seq }] = stores.predictions.append([
          {
            salt: 0,
            userId: labelled.customer.user_id,
            predictedAt: i,
            modelVersion: manifest.version,
            source: "replay",
            customer: JSON.stringify(labelled.customer),
            probability,
            threshold: manifest.threshold,
            churn: probability >= manifest.threshold,
            cells,
          },
        ]) as [PredictionKey];
        const label = { churned: labelled.churned, observedAt: i, receivedAt: i + 1000 };
        stores.labels.put(seq, label);
        window.add({ seq, predictedAt: i, probability, cells, fingerprint: drawn, label });
      }
    });
  }
  const thresholds = createPsiThresholds(reference, random);
  const featureQuality = createQuality(reference);
  const drift = () => {
    featureDrift(reference, window, thresholds);
    reference.features.map((_, column) => featureQuality(column, window));
    predictionDrift(reference, window, thresholds);
  };
  const first = measure(() => drift());
  const quality = () => {
    estimatedPerformance(window, manifest);
    realizedPerformance(window, manifest);
  };
  const performanceSeconds = measure(quality);
  stores.close();
  // In a process of its own, which like the service holds no window: here the garbage of the million rows is collected.
  const { opened, next, idle } = JSON.parse(
    await runScript("ops/bench/event-loop.ts", [directory, String(rows)], {}),
  ) as EventLoopBlocks;
  printTable(`Cost of a look at ${rows.toLocaleString("en")} predictions × 17 columns, medians of ${repeats}`, [
    ["", "seconds", "wanted"],
    ["drift and quality of 16 fields, drift of the score", first.toFixed(4), "< 0.3"],
    ["estimated (CBPE) and realized performance", performanceSeconds.toFixed(2), "< 1"],
    ["first look of the thread, window and sums read from the database", opened.seconds.toFixed(2), ""],
    ["next look of the thread, all monitors", next.seconds.toFixed(2), ""],
    [
      "longest work of the event loop's thread at a stretch meanwhile",
      (Math.max(opened.worked, next.worked) / 1000).toFixed(4),
      "<= 0.0100",
    ],
    [
      "longest delay of a timer of the event loop meanwhile",
      (Math.max(opened.late, next.late) / 1000).toFixed(4),
      "<= 0.0100",
    ],
    ["the same delay without any look, for as long", (idle.late / 1000).toFixed(4), ""],
  ]);
}
