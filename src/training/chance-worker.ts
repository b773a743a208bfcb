import { type ChanceQuestion, simulateChance } from "./chance.ts";

declare const self: Worker;

self.onmessage = async ({ data }: MessageEvent<ChanceQuestion>) => {
  self.postMessage(await simulateChance(data));
};
