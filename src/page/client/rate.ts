import type { WindowFigures } from "./api.ts";

const shortest = 2500;
const longest = 20_000;

interface Sample {
  at: number;
  version: string;
  minutes: WindowFigures["minutes"];
}

/** Predictions per second, from what was counted by the minute at two moments of the last 20 s. */
export function createRate() {
  let samples: Sample[] = [];
  let perSecond: number | null = null;

  return {
    /** @returns null while it is not known. */
    add({ at, model, minutes }: WindowFigures): number | null {
      samples = [
        ...samples.filter((sample) => sample.version === model.version),
        { at, version: model.version, minutes },
      ];
      while (samples[1] && at - samples[1].at > longest) samples.shift();
      const [first] = samples;
      if (first && at - first.at >= shortest) {
        const begin = first.minutes.at(-1);
        const rows = minutes
          .filter((minute) => minute.at >= (begin?.at ?? 0))
          .reduce((sum, minute) => sum + minute.rows, -(begin?.rows ?? 0));
        perSecond = (1000 * rows) / (at - first.at);
      }
      return perSecond;
    },
  };
}
