import type { Customer } from "../customer.ts";
import { AppError } from "../errors.ts";
import type { Explanation } from "../models/explanation.ts";
import type { Serving } from "../models/serving.ts";
import type { Durability } from "../storage/durability.ts";
import type { Label, LabelStatus, LabelStore } from "../storage/labels.ts";
import { seqOf } from "../storage/prediction-id.ts";
import type { PredictionSource, PredictionStore, StoredPrediction } from "../storage/predictions.ts";
import { createBatcher } from "./batcher.ts";
import type { ScheduledLabel } from "./predictor.ts";
import type { PredictionThread } from "./thread.ts";

export interface Prediction {
  prediction_id: string;
  user_id: string;
  /** Calibrated probability that the customer churns, 0–1. */
  probability: number;
  churn: boolean;
  /** Probability from which a customer is called a churner. */
  threshold: number;
  model_version: string;
}

export interface ExplainedPrediction extends Prediction {
  explanation: Explanation;
}

export interface PredictionRequest {
  customer: Customer;
  source: PredictionSource;
  label?: ScheduledLabel;
}

/** What was asked, answered and later learned. */
export interface PredictionRecord {
  prediction: StoredPrediction;
  label: Label | null;
  history: (Label & { status: LabelStatus })[];
}

export interface PredictionServiceOptions {
  durability: Durability;
  predictions: PredictionStore;
  labels: LabelStore;
  serving: Serving;
  thread: Pick<PredictionThread, "predict">;
  now: () => number;
  /** Told of every batch once it is on disk; cells are rows × columns of the model's reference profile. */
  onStored(predictions: readonly Prediction[], cells: Uint8Array): void;
}

export type PredictionService = ReturnType<typeof createPredictionService>;

/** Scores customers and keeps every prediction: it is on disk before it is answered. */
export function createPredictionService(options: PredictionServiceOptions) {
  const { durability, predictions, labels, serving, thread, now, onStored } = options;

  async function predictAndStore(requests: PredictionRequest[]): Promise<Prediction[]> {
    const customers = requests.map(({ customer }) => JSON.stringify(customer)).join("\n");
    const replayed = requests.flatMap(({ source, label }, row) => (source === "replay" ? [{ row, label }] : []));
    const { manifest, batch } = await durability.commitElsewhere(async () => {
      // The version that serves when its turn has come.
      const { manifest } = serving.model;
      const batch = await thread.predict({ version: manifest.version, time: now(), customers, replayed });
      return { manifest, batch };
    });
    const ids = batch.ids.split("\n");
    const answers = requests.map(({ customer }, i): Prediction => {
      const probability = batch.probabilities[i] as number;
      return {
        prediction_id: ids[i] as string,
        user_id: customer.user_id,
        probability,
        churn: probability >= manifest.threshold,
        threshold: manifest.threshold,
        model_version: manifest.version,
      };
    });
    predictions.noteAppended(
      seqOf(ids[0] as string),
      answers.map(({ user_id }) => user_id),
    );
    onStored(answers, batch.cells);
    return answers;
  }

  // While one batch is scored and stored, the next comes together.
  const batcher = createBatcher({ run: predictAndStore, batchLimit: 1024, queueLimit: 16_384, concurrency: 1 });

  return {
    /**
     * @returns the predictions in the order of the requests, all of them stored.
     * @throws AppError `unavailable` when there is no model, too much waits, or they could not be stored.
     */
    predict: (requests: readonly PredictionRequest[]): Promise<Prediction[]> => batcher.submit(requests),
    /**
     * @returns the stored prediction with what made it, by the trees of the model that made it.
     * @throws AppError `unavailable` as `predict` does, and when that model cannot explain: before anything is stored.
     */
    async explain(request: PredictionRequest): Promise<ExplainedPrediction> {
      serving.explanations();
      const [prediction] = (await batcher.submit([request])) as [Prediction];
      // Another model may serve by now.
      const { explain } = serving.explanations(prediction.model_version);
      return { ...prediction, explanation: explain(request.customer) };
    },
    /** @throws AppError `not_found` */
    get(id: string): PredictionRecord {
      const prediction = predictions.byId(id);
      if (!prediction) throw new AppError("not_found", "there is no prediction with this id");
      return { prediction, label: labels.get(prediction.seq), history: labels.history(prediction.seq) };
    },
    get queueLength(): number {
      return batcher.length;
    },
    /** Resolves when all that was asked before the call is stored or has failed. */
    settled: () => batcher.settled(),
    idle: () => batcher.idle(),
  };
}
