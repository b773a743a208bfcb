import type { BoostedTrees } from "../learner/model.ts";
import { rawScores } from "../learner/predict.ts";

declare const self: Worker;

export interface ScoresQuestion {
  model: BoostedTrees;
  /** By column, float32, in the order of the model's features. */
  columns: readonly Float32Array[];
}

self.onmessage = ({ data: { model, columns } }: MessageEvent<ScoresQuestion>) => {
  self.postMessage(rawScores(model, columns));
};
