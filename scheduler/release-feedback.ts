import type { FeedbackService } from "../src/feedback/service.ts";

const chunk = 500;
const chunksPerRun = 20;

/** @returns the job: gives out the labels that are due, in chunks between which requests are answered. */
export function createFeedbackRelease(feedback: FeedbackService) {
  return async function releaseFeedback(): Promise<void> {
    for (let i = 0; i < chunksPerRun && feedback.releaseDue(chunk) === chunk; i++) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
}
