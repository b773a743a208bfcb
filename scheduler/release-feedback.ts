import type { FeedbackService } from "../src/feedback/service.ts";

const chunk = 500;
const chunksPerRun = 20;

/** @returns the job: gives out the labels that are due, in chunks, so that requests are answered in between. */
export function createFeedbackRelease(feedback: FeedbackService) {
  return async function releaseFeedback(): Promise<void> {
    for (let i = 0; i < chunksPerRun; i++) {
      if ((await feedback.releaseDue(chunk)) < chunk) return;
    }
  };
}
