import type { Manifest } from "../models/manifest.ts";
import { cellCounts } from "../models/profile.ts";
import type { Random } from "../statistics/random.ts";
import type { MonitoredPrediction, MonitoredStore } from "../storage/monitored.ts";
import { type Circumstances, createEvaluator, type Evaluation, type Evaluator } from "./evaluate.ts";
import { createWindow, type Window } from "./window.ts";

export interface LookOptions {
  monitored: MonitoredStore;
  /** @throws AppError when the version is not known or its files cannot be read */
  readManifest(version: string): Manifest;
  /** Predictions in a window. */
  windowSize: number;
  random: Random;
}

/** Looks at the newest predictions of a model version. */
export type Look = (version: string, circumstances: Circumstances) => Promise<Evaluation>;

const all = Number.MAX_SAFE_INTEGER;

/**
 * Keeps the window of the serving version in step with the database: each look reads what is new, not the window. When another
 * version serves, its window is made anew from those of the last predictions that are its own.
 */
export function createLook({ monitored, readManifest, windowSize, random }: LookOptions): Look {
  let current: { version: string; window: Window; evaluate: Evaluator; predictions: number; labels: number } | null =
    null;

  function open(version: string) {
    const manifest = readManifest(version);
    const window = createWindow({ limit: windowSize, cellCounts: cellCounts(manifest.reference) });
    const predictions = Math.max(0, monitored.newest().predictions - windowSize);
    return { version, window, evaluate: createEvaluator(manifest, random.split()), predictions, labels: 0 };
  }

  return async function look(version, circumstances) {
    if (current?.version !== version) current = open(version);
    const state = current;
    monitored.atOnce(() => {
      const newest = monitored.newest();
      // Labels of rows read below come with them; without rows so far there is none to be set.
      const labels = state.window.rows > 0 ? monitored.labelsAfter(state.labels, all) : [];
      for (const { predictionSeq, churned, receivedAt, status } of labels) {
        if (status !== "unchanged") state.window.label(predictionSeq, { churned: churned === 1, receivedAt });
      }
      for (const row of monitored.predictionsAfter(state.predictions, all)) {
        if (row.modelVersion === version) state.window.add(windowRow(row));
      }
      state.predictions = newest.predictions;
      state.labels = newest.labels;
    });
    return state.evaluate(state.window, circumstances);
  };
}

const windowRow = ({ seq, predictedAt, probability, cells, customer, churned, receivedAt }: MonitoredPrediction) => ({
  seq,
  predictedAt,
  probability,
  cells,
  fingerprint: Number(Bun.hash(customer)),
  label: churned === null ? null : { churned: churned === 1, receivedAt: receivedAt ?? predictedAt },
});
