import { openSession, type Session } from "./session.ts";

declare const self: Worker;

/** What the thread is told: the model first, then rows to score. */
export type ScoringQuestion =
  | { onnx: Uint8Array; featureCount: number }
  | { id: number; features: Float32Array; rows: number };
/** Null: not scored by the thread. */
export interface ScoringAnswer {
  id: number;
  probabilities: Float32Array | null;
}

let session: Promise<Session> | null = null;

/** Scores rows in a thread of its own; an error ends it. */
self.onmessage = async ({ data }: MessageEvent<ScoringQuestion>) => {
  if ("onnx" in data) {
    session = openSession(data.onnx, data.featureCount);
    return;
  }
  const { id, features, rows } = data;
  const probabilities = await (await (session as Promise<Session>)).score(features, rows);
  self.postMessage({ id, probabilities } satisfies ScoringAnswer);
};
