import type { Label, LabelStatus, LabelStore } from "../storage/labels.ts";

/**
 * Takes a label of a prediction into account. The observation made last is believed, whatever the order of arrival; at the same time,
 * the one that arrived last. Belongs into a transaction.
 */
export function believe(labels: LabelStore, predictionSeq: number, label: Label): LabelStatus {
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

/** Gives a new prediction the label that waited for its user; belongs into the transaction that stores the prediction. */
export function joinPending(labels: LabelStore, predictionSeq: number, userId: string): void {
  const label = labels.takePending(userId);
  if (label) believe(labels, predictionSeq, label);
}
