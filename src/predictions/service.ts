import type { Customer } from "../customer.ts";
import { AppError } from "../errors.ts";
import type { FeedbackService } from "../feedback/service.ts";
import type { Explanation } from "../models/explanation.ts";
import type { Serving } from "../models/serving.ts";
import type { Durability } from "../storage/durability.ts";
import type { Label, LabelStatus, LabelStore } from "../storage/labels.ts";
import type { PredictionSource, PredictionStore, StoredPrediction } from "../storage/predictions.ts";
import { createBatcher } from "./batcher.ts";

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

/** A label that is known in advance and released later: only the replay has one. */
export interface ScheduledLabel {
  churned: boolean;
  dueAt: number;
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
  feedback: FeedbackService;
  serving: Serving;
  now: () => number;
  newId: (time: number) => string;
  /** Told of every batch once it is on disk. */
  onStored(predictions: readonly Prediction[], cells: readonly Uint8Array[]): void;
}

export type PredictionService = ReturnType<typeof createPredictionService>;

/** Scores customers and keeps every prediction: it is on disk before it is answered. */
export function createPredictionService(options: PredictionServiceOptions) {
  const { durability, predictions, labels, feedback, serving, now, newId, onStored } = options;

  async function scoreAndStore(requests: PredictionRequest[]): Promise<Prediction[]> {
    const { manifest, session, encode, binner } = serving.model;
    const width = manifest.features.length;
    const features = new Float32Array(requests.length * width);
    for (const [i, { customer }] of requests.entries()) encode(customer, features, i * width);
    const probabilities = await session.score(features, requests.length);

    const time = now();
    const cells = requests.map((request, i) => binner.cells(request.customer, probabilities[i] as number));
    const answers = requests.map(({ customer }, i): Prediction => {
      const probability = probabilities[i] as number;
      return {
        prediction_id: newId(time),
        user_id: customer.user_id,
        probability,
        churn: probability >= manifest.threshold,
        threshold: manifest.threshold,
        model_version: manifest.version,
      };
    });
    await durability.commit(() => {
      const joinsPending = labels.hasPending();
      requests.forEach(({ customer, source, label }, i) => {
        const answer = answers[i] as Prediction;
        const seq = predictions.insert({
          id: answer.prediction_id,
          userId: answer.user_id,
          predictedAt: time,
          modelVersion: answer.model_version,
          source,
          customer: JSON.stringify(customer),
          probability: answer.probability,
          threshold: answer.threshold,
          churn: answer.churn,
          cells: cells[i] as Uint8Array,
        });
        if (label) labels.schedule(seq, label.dueAt, label.churned);
        if (joinsPending) feedback.joinPending(seq, answer.user_id);
      });
    });
    onStored(answers, cells);
    return answers;
  }

  const batcher = createBatcher({ run: scoreAndStore, batchLimit: 1024, queueLimit: 16_384 });

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
