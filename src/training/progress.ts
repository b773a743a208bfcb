import type { Round } from "../learner/boosting.ts";

export interface Progress {
  stage(text: string): void;
  round(round: Round): void;
  end(): void;
}

const linesEvery = 2_000;

/** Tells on a stream how training goes: a line that renews itself on a terminal, else a line every two seconds. */
export function createProgress(
  stream: { isTTY?: boolean; write(text: string): unknown },
  rounds: number,
  now: () => number,
): Progress {
  const started = now();
  let lastLine = 0;
  let openLine = false;
  const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)} s`;
  const close = () => {
    if (openLine) stream.write("\n");
    openLine = false;
  };
  let fitStarted = 0;

  return {
    stage(text) {
      close();
      stream.write(`${seconds(now() - started).padStart(8)}  ${text}\n`);
    },
    round({ round, trainLoss, validationLoss, bestRound }) {
      const time = now();
      if (round === 1) fitStarted = time;
      const left = round === 1 ? Number.NaN : ((time - fitStarted) / (round - 1)) * (rounds - round);
      const text = `round ${round}/${rounds}  log loss ${trainLoss.toFixed(4)} train, ${validationLoss.toFixed(4)} validation (best round ${bestRound})  at most ${Number.isNaN(left) ? "…" : seconds(left)} left`;
      if (stream.isTTY) {
        stream.write(`\r\u001b[K${seconds(time - started).padStart(8)}  ${text}`);
        openLine = true;
      } else if (time - lastLine >= linesEvery || round === rounds) {
        stream.write(`${seconds(time - started).padStart(8)}  ${text}\n`);
        lastLine = time;
      }
    },
    end: close,
  };
}
