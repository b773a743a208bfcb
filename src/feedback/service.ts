import { AppError } from "../errors.ts";
import { createBatcher } from "../predictions/batcher.ts";
import type { Durability } from "../storage/durability.ts";
import type { Label, LabelStatus, LabelStore } from "../storage/labels.ts";
import type { PredictionStore } from "../storage/predictions.ts";

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
 * Keeps labels. The observation made last is believed, whatever the order of arrival; at the same time, the one that
 * arrived last. Sending a label again changes nothing, and sending all of a feed again, or in another order where the times differ,
 * ends in the same beliefs.
 */
export function createFeedbackService({ durability, predictions, labels, now, onRecorded }: FeedbackServiceOptions) {
  function apply(predictionSeq: number, label: Label): LabelStatus {
    const known = labels.get(predictionSeq);
    if (!known) {
      labels.put(predictionSeq, label);
      labels.appendHistory(predictionSeq, label, "recorded");
      return "recorded";
    }
    const isLater = label.observedAt >= known.observedAt;
    if (known.churned === label.churned) {
      if (isLater) labels.put(predictionSeq, { ...known, observedAt: label.observedAt });
      return "unchanged";
    }
    if (isLater) {
      labels.put(predictionSeq, label);
      labels.appendHistory(predictionSeq, label, "corrected");
      return "corrected";
    }
    const isKnown = labels
      .history(predictionSeq)
      .some(({ churned, observedAt }) => churned === label.churned && observedAt === label.observedAt);
    if (!isKnown) labels.appendHistory(predictionSeq, label, "unchanged");
    return "unchanged";
  }

  function record(feedback: Feedback, receivedAt: number): FeedbackOutcome {
    const label = { churned: feedback.churned, observedAt: feedback.observedAt ?? receivedAt, receivedAt };
    const { target } = feedback;
    const prediction =
      "userId" in target ? predictions.latestOfUser(target.userId) : predictions.byId(target.predictionId);
    if (prediction) {
      const status = apply(prediction.seq, label);
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
    /** Gives a new prediction the label that waited for its user; belongs into the transaction that stores the prediction. */
    joinPending(predictionSeq: number, userId: string): void {
      const label = labels.takePending(userId);
      if (label) apply(predictionSeq, label);
    },
    /** Releases the scheduled labels that are due, at most `limit`. @returns how many. */
    async releaseDue(limit: number): Promise<number> {
      const time = now();
      const outcomes = await durability.commit(() =>
        labels.due(time, limit).map((due): FeedbackOutcome => {
          labels.unschedule(due.predictionSeq);
          const status = apply(due.predictionSeq, { churned: due.churned === 1, observedAt: time, receivedAt: time });
          return { status, predictionId: due.predictionId, delaySeconds: (time - due.predictedAt) / 1000 };
        }),
      );
      if (outcomes.length > 0) onRecorded(outcomes);
      return outcomes.length;
    },
    idle: () => batcher.idle(),
  };
}
