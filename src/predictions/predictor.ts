import type { Customer } from "../customer.ts";
import { joinPending } from "../feedback/beliefs.ts";
import type { LoadedModel } from "../models/registry.ts";
import type { Random } from "../statistics/random.ts";
import type { Database } from "../storage/database.ts";
import { createLabelStore } from "../storage/labels.ts";
import { salts } from "../storage/prediction-id.ts";
import { createPredictionStore, type NewPrediction, type PredictionKey } from "../storage/predictions.ts";
import { createUserIndexer } from "../storage/user-indexer.ts";

/** A label that is known in advance and released later: only the replay has one. */
export interface ScheduledLabel {
  churned: boolean;
  dueAt: number;
}

/** Customers to predict at once, such that they are sent to another thread at little cost. */
export interface Batch {
  version: string;
  /** When they are predicted, in milliseconds. */
  time: number;
  /** One JSON text a line. */
  customers: string;
  /** Those that the replay plays. */
  replayed: readonly { row: number; label?: ScheduledLabel | undefined }[];
}

/** The predictions of a batch, in its order. */
export interface PredictedBatch {
  /** One id a line. */
  ids: string;
  probabilities: Float32Array;
  /** Rows × columns of the model's reference profile. */
  cells: Uint8Array;
}

/** What can be asked of the thread that predicts. */
export interface PredictorTasks {
  /** Makes a version ready. @throws AppError `unavailable` when its files are absent or damaged. */
  load(version: string): Promise<void>;
  /** Forgets a version. */
  release(version: string): Promise<void>;
  /**
   * Loads the version first when it is not ready: a thread in the place of another has none yet.
   * @returns predictions that are on the disk.
   * @throws AppError `unavailable` when the version cannot be loaded, and what SQLite or the disk refuses
   */
  predict(batch: Batch): Promise<PredictedBatch>;
  close(): Promise<void>;
}

export interface PredictorOptions {
  database: Database;
  load(version: string): Promise<LoadedModel>;
  /** Returns once all that was committed is on the disk. */
  sync(): void;
  /** Draws what tells ids apart. */
  random: Random;
}

/** Scores customers and stores their predictions, a batch in one transaction. */
export function createPredictor({ database, load, sync, random }: PredictorOptions): PredictorTasks {
  const predictions = createPredictionStore(database);
  const labels = createLabelStore(database);
  const indexer = createUserIndexer(database);
  const models = new Map<string, LoadedModel>();

  const store = database.transaction((rows: readonly NewPrediction[], replayed: Batch["replayed"]): PredictionKey[] => {
    const keys = predictions.append(rows);
    for (const { row, label } of replayed)
      if (label) labels.schedule((keys[row] as (typeof keys)[number]).seq, label.dueAt, label.churned);
    if (labels.hasPending()) for (const [i, { seq }] of keys.entries()) joinPending(labels, seq, rows[i]?.userId ?? "");
    indexer.write(keys.length);
    return keys;
  }).immediate;

  async function ready(version: string): Promise<LoadedModel> {
    const model = models.get(version) ?? (await load(version));
    models.set(version, model);
    return model;
  }

  return {
    async load(version) {
      await ready(version);
    },
    async release(version) {
      const model = models.get(version);
      models.delete(version);
      await model?.session.release();
    },
    async predict({ version, time, customers: lines, replayed }) {
      const { manifest, session, encode, binner } = await ready(version);
      const texts = lines.split("\n");
      const customers = texts.map((text): Customer => JSON.parse(text));
      const width = manifest.features.length;
      const features = new Float32Array(customers.length * width);
      for (const [i, customer] of customers.entries()) encode(customer, features, i * width);
      const probabilities = await session.score(features, customers.length);

      const cells = new Uint8Array(customers.length * binner.width);
      const played = new Set(replayed.map(({ row }) => row));
      const rows = customers.map((customer, i): NewPrediction => {
        const probability = probabilities[i] as number;
        const own = cells.subarray(i * binner.width, (i + 1) * binner.width);
        binner.fill(customer, probability, own);
        return {
          salt: random.integer(salts),
          userId: customer.user_id,
          predictedAt: time,
          modelVersion: version,
          source: played.has(i) ? "replay" : "request",
          customer: texts[i] as string,
          probability,
          threshold: manifest.threshold,
          churn: probability >= manifest.threshold,
          cells: own,
        };
      });
      const keys = store(rows, replayed);
      indexer.stored(
        (keys[0] as PredictionKey).seq,
        rows.map(({ userId }) => userId),
      );
      sync();
      return { ids: keys.map(({ id }) => id).join("\n"), probabilities, cells };
    },
    async close() {
      database.close();
    },
  };
}
