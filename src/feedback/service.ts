import { AppError } from "../errors.ts";
import { createBatcher } from "../predictions/batcher.ts";
import type { Durability } from "../storage/durability.ts";
import type { LabelStatus, LabelStore } from "../storage/labels.ts";
import type { PredictionStore } from "../storage/predictions.ts";
import { believe } from "./beliefs.ts";

/** What really happened to the customer of a prediction, or to the customer of a user's last prediction. */
export interface Feedback {
  target: { predictionId: string } | { userId: string };
  churned: boolean;
  /** When it was observed (milliseconds); now when it is not told. */
  observedAt?: number | undefined;
}

export type FeedbackStatus = LabelStatus | "pending";

export type FeedbackOutcome =
  | { status: FeedbackStatus; predictionId: string | null; delaySeconds: number | null }
  | { status: "rejected"; reason: string };

export interface FeedbackServiceOptions {
  durability: Durability;
  predictions: PredictionStore;
  labels: LabelStore;
  now: () => number;
  /** Told of every outcome once it is on disk. */
  onRecorded(outcomes: readonly FeedbackOutcome[]): void;
}

export type FeedbackService = ReturnType<typeof createFeedbackService>;

/**
 * Keeps labels. Sending a label again changes nothing, and sending all of a feed again, or in another order where the times differ,
 * ends in the same beliefs: see {@link believe}.
 */
export function createFeedbackService({ durability, predictions, labels, now, onRecorded }: FeedbackServiceOptions) {
  function record(feedback: Feedback, receivedAt: number): FeedbackOutcome {
    const label = { churned: feedback.churned, observedAt: feedback.observedAt ?? receivedAt, receivedAt };
    const { target } = feedback;
    const prediction =
      "userId" in target ? predictions.latestOfUser(target.userId) : predictions.byId(target.predictionId);
    if (prediction) {
      const status = believe(labels, prediction.seq, label);
      return { status, predictionId: prediction.id, delaySeconds: (receivedAt - prediction.predictedAt) / 1000 };
    }
    if ("predictionId" in target) return { status: "rejected", reason: "there is no prediction with this id" };
    labels.putPending(target.userId, label);
    return { status: "pending", predictionId: null, delaySeconds: null };
  }

  const batcher = createBatcher<Feedback, FeedbackOutcome>({
    async run(feedbacks) {
      const receivedAt = now();
      const outcomes = await durability.commit(() => feedbacks.map((feedback) => record(feedback, receivedAt)));
      onRecorded(outcomes);
      return outcomes;
    },
    batchLimit: 2000,
    queueLimit: 100_000,
  });

  return {
    /** @returns one outcome for each, in their order, all of them stored. */
    record: (feedbacks: readonly Feedback[]): Promise<FeedbackOutcome[]> => batcher.submit(feedbacks),
    /** @throws AppError `not_found` when the prediction does not exist. */
    async recordOne(feedback: Feedback): Promise<Exclude<FeedbackOutcome, { status: "rejected" }>> {
      const [outcome] = await batcher.submit([feedback]);
      if (!outcome || outcome.status === "rejected")
        throw new AppError("not_found", outcome?.reason ?? "nothing was recorded");
      return outcome;
    },
    /** Releases the scheduled labels that are due, at most `limit`. @returns how many. */
    async releaseDue(limit: number): Promise<number> {
      const time = now();
      const outcomes = await durability.commit(() =>
        labels.due(time, limit).map((due): FeedbackOutcome => {
          labels.unschedule(due.predictionSeq);
          const status = believe(labels, due.predictionSeq, {
            churned: due.churned === 1,
            observedAt: time,
            receivedAt: time,
          });
          return { status, predictionId: due.predictionId, delaySeconds: (time - due.predictedAt) / 1000 };
        }),
      );
      if (outcomes.length > 0) onRecorded(outcomes);
      return outcomes.length;
    },
    idle: () => batcher.idle(),
  };
}
