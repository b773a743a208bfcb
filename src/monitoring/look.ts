import type { Customer } from "../customer.ts";
import { AppError } from "../errors.ts";
import type { Explanations } from "../models/explanation.ts";
import type { Manifest } from "../models/manifest.ts";
import { cellCounts } from "../models/profile.ts";
import type { Random } from "../statistics/random.ts";
import type { MonitoredPrediction, MonitoredStore } from "../storage/monitored.ts";
import { createAttributionWindow } from "./attribution.ts";
import { type Circumstances, createEvaluator, type Evaluation, type Evaluator, type Watched } from "./evaluate.ts";
import { createWindow } from "./window.ts";

/** Newest predictions that one look explains at most: about half a millisecond each. */
export const explainedAtOnce = 25;

export interface LookOptions {
  monitored: MonitoredStore;
  /** @throws AppError when the version is not known or its files cannot be read */
  readManifest(version: string): Manifest;
  /** @throws AppError `unavailable` when the version has no trees, or they are damaged */
  readExplanations(version: string): Pick<Explanations, "contributionsOf">;
  /** Predictions in a window. */
  windowSize: number;
  random: Random;
}

interface Current extends Watched {
  version: string;
  /** Null for a model without trees. */
  explanations: Pick<Explanations, "contributionsOf"> | null;
  evaluate: Evaluator;
  /** Sequence numbers up to which predictions and labels have been read. */
  predictions: number;
  labels: number;
}

/** Looks at the newest predictions of a model version. */
export type Look = (version: string, circumstances: Circumstances) => Promise<Evaluation>;

const all = Number.MAX_SAFE_INTEGER;

/**
 * Keeps the window of the serving version in step with the database: each look reads what is new, not the window. When another
 * version serves, its window is made anew from those of the last predictions that are its own.
 */
export function createLook({ monitored, readManifest, readExplanations, windowSize, random }: LookOptions): Look {
  let current: Current | null = null;

  function open(version: string): Current {
    const manifest = readManifest(version);
    const window = createWindow({ limit: windowSize, cellCounts: cellCounts(manifest.reference) });
    const predictions = Math.max(0, monitored.newest().predictions - windowSize);
    return {
      version,
      window,
      attributions: createAttributionWindow(manifest.features.length),
      explanations: explanationsOf(manifest),
      evaluate: createEvaluator(manifest, random.split(), monitored.delays(windowSize)),
      predictions,
      labels: 0,
    };
  }

  /** Null when there are none: all else can still be looked at, and POST /predict?explain=true says what is wrong with them. */
  function explanationsOf({ version, trees }: Manifest): Current["explanations"] {
    try {
      return trees ? readExplanations(version) : null;
    } catch (error) {
      if (error instanceof AppError) return null;
      throw error;
    }
  }

  return async function look(version, circumstances) {
    if (current?.version !== version) current = open(version);
    const state = current;
    const customers: string[] = [];
    monitored.atOnce(() => {
      const newest = monitored.newest();
      // Labels of rows read below come with them; without rows so far there is none to be set.
      const labels = state.window.rows > 0 ? monitored.labelsAfter(state.labels, all) : [];
      for (const { predictionSeq, churned, receivedAt, status } of labels) {
        if (status !== "unchanged") state.window.label(predictionSeq, { churned: churned === 1, receivedAt });
      }
      // Of more than fill the window only the newest are read: under load a look costs no more than a window does.
      const after = Math.max(state.predictions, newest.predictions - windowSize);
      for (const row of monitored.predictionsAfter(after, all)) {
        if (row.modelVersion !== version) continue;
        state.window.add(windowRow(row));
        if (state.explanations) customers[state.window.added % explainedAtOnce] = row.customer;
      }
      state.predictions = newest.predictions;
      state.labels = newest.labels;
    });
    for (const customer of customers.filter(Boolean))
      state.attributions.add(state.explanations?.contributionsOf(JSON.parse(customer) as Customer) ?? []);
    return state.evaluate(state, circumstances);
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
