import type { ReferenceProfile } from "../models/profile.ts";
import { createRandom } from "../statistics/random.ts";
import { domainNulls } from "./domain-null.ts";
import { inThread } from "./in-thread.ts";
import { calibrationNulls, psiNulls } from "./nulls.ts";
import { referenceWindows } from "./reference-windows.ts";

/** What windows are drawn from to learn what chance does. */
export interface ChanceQuestion extends Pick<ReferenceProfile, "features" | "score"> {
  /** Row-major cells of the reference, `width` columns, no row in both. */
  sample: Uint8Array;
  others: Uint8Array;
  width: number;
  /** Of the holdout: calibrated probabilities, and labels. */
  probabilities: Float64Array;
  labels: Uint8Array;
  /** Probability from which a customer is called a churner. */
  threshold: number;
  seed: number;
}

export type Chance = Pick<ReferenceProfile, "nulls" | "windows">;

/** What every statistic and metric does by chance over undisturbed windows of the usual sizes. The same for the same seed. */
export async function simulateChance(question: ChanceQuestion): Promise<Chance> {
  const { probabilities, labels, threshold } = question;
  const random = createRandom(question.seed);
  return {
    nulls: [
      ...psiNulls(question, random),
      ...calibrationNulls(probabilities, labels, random),
      ...(await domainNulls({ ...question, random })),
    ],
    windows: referenceWindows(probabilities, labels, threshold, random),
  };
}

/** {@link simulateChance} in a thread of its own, so that this one is free; with a warning here, should that not answer. */
export const simulateChanceInThread = (
  question: ChanceQuestion,
  onWarning: (warning: string) => void,
): Promise<Chance> =>
  inThread(new URL("./chance-worker.ts", import.meta.url), question, { otherwise: simulateChance, onWarning });
