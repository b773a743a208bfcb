import { AppError } from "../errors.ts";
import type { Manifest } from "../models/manifest.ts";
import type { MonitoredStore } from "../storage/monitored.ts";
import type { SumsProgress, SumsRow } from "../storage/sums.ts";
import { createSums, type Sums } from "./sums.ts";

export interface Collected {
  /** What is to be added to the sums kept. */
  rows: SumsRow[];
  progress: SumsProgress;
  /** Whether there may be more, since this was as much as one collection reads. */
  isPart: boolean;
}

export interface CollectorOptions {
  monitored: MonitoredStore;
  /** @throws AppError when the version is not known or its files cannot be read */
  readManifest(version: string): Manifest;
  /** Predictions, and label events, that one collection reads at most. */
  most?: number;
}

const minute = 60_000;

/**
 * Sums up, by minute of prediction and model version, the predictions and label events that are new since the last time. Those of
 * a version whose files are gone are passed over: without its bins nobody could read the sums.
 */
export function createCollector({ monitored, readManifest, most = 200_000 }: CollectorOptions) {
  const known = new Map<string, Sums>();
  function layoutOf(version: string): Sums | null {
    const found = known.get(version);
    if (found) return found;
    try {
      const { reference, threshold } = readManifest(version);
      const layout = createSums(reference, threshold);
      known.set(version, layout);
      return layout;
    } catch (error) {
      if (error instanceof AppError) return null;
      throw error;
    }
  }

  return function collect(from: SumsProgress): Collected {
    const rows = new Map<string, SumsRow>();
    const layouts = new Map<string, Sums | null>();
    const progress = { ...from };
    const read = { predictions: 0, labels: 0 };
    const sumsOf = (version: string): Sums | null => {
      let layout = layouts.get(version);
      if (layout === undefined) {
        layout = layoutOf(version);
        layouts.set(version, layout);
      }
      return layout;
    };
    const rowOf = ({ length }: Sums, modelVersion: string, predictedAt: number): SumsRow => {
      const start = Math.floor(predictedAt / minute) * minute;
      const key = `${modelVersion} ${start}`;
      let row = rows.get(key);
      if (!row) {
        row = { modelVersion, start, rows: 0, sums: new Float64Array(length) };
        rows.set(key, row);
      }
      return row;
    };
    monitored.atOnce(() => {
      for (const { seq, modelVersion, predictedAt, cells, probability } of monitored.summedAfter(
        from.predictions,
        most,
      )) {
        read.predictions++;
        progress.predictions = seq;
        const layout = sumsOf(modelVersion);
        if (!layout) continue;
        const row = rowOf(layout, modelVersion, predictedAt);
        row.rows++;
        layout.addPrediction(row.sums, cells, probability);
      }
      for (const event of monitored.labelsAfter(from.labels, most)) {
        // The label of a prediction that is not summed up yet waits until it is.
        if (event.predictionSeq > progress.predictions) break;
        read.labels++;
        progress.labels = event.seq;
        if (event.status === "unchanged") continue;
        const layout = sumsOf(event.modelVersion);
        if (!layout) continue;
        const { sums } = rowOf(layout, event.modelVersion, event.predictedAt);
        const churned = event.churned === 1;
        if (event.status === "corrected") layout.addLabel(sums, event.probability, !churned, -1);
        layout.addLabel(sums, event.probability, churned, 1);
      }
    });
    return { rows: [...rows.values()], progress, isPart: Math.max(read.predictions, read.labels) >= most };
  };
}
