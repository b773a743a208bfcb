import { createQueue } from "./queue.ts";

export interface RefusalsOptions {
  /** Refusals that may be held back at once; a further one is given at once. */
  holding: number;
  /** Milliseconds for which one is held back at least, unless whoever is refused has waited already. */
  hold: number;
  /** Milliseconds for which one is held back at most. */
  longest: number;
  /** Whether anybody waits for an answer. */
  isAwaited(): boolean;
}

interface Refusal {
  give(): void;
  /** When it may be given, and when it must be, on the clock of `performance.now`. */
  from: number;
  until: number;
}

const answersPerRefusal = 4;
const together = 32;
// Milliseconds.
const step = 5;

/**
 * Holds refusals back. A refusal costs about as much as an answer, so clients that come again at once, and a line whose end has
 * waited too long, would leave no time for answers, the more surely the slower the machine. While answers are given and awaited,
 * four of them let one refusal go: refusing takes a fifth of the effort, however many are refused. Else refusals go in small
 * groups, between which whoever comes is served.
 */
export function createRefusals({ holding, hold, longest, isAwaited }: RefusalsOptions) {
  const waited = createQueue<Refusal>();
  const fresh = createQueue<Refusal>();
  let answers = 0;
  let lastAnswer = Number.NEGATIVE_INFINITY;
  let isWatched = false;

  const length = () => waited.length + fresh.length;

  /** The refusal whose turn it is, out of its queue. */
  function take(time: number): Refusal | undefined {
    if (waited.length > 0) return waited.take();
    return (fresh.head?.from ?? Number.POSITIVE_INFINITY) <= time ? fresh.take() : undefined;
  }

  const isOverdue = (time: number) => [waited, fresh].some(({ head }) => head !== undefined && head.until <= time);

  function giveSome(): void {
    isWatched = false;
    const time = performance.now();
    const isBusy = isAwaited() && time - lastAnswer < hold;
    for (let given = 0; given < together && (!isBusy || isOverdue(time)); given++) {
      const refusal = take(time);
      if (!refusal) break;
      refusal.give();
    }
    watch();
  }

  function watch(): void {
    if (isWatched || length() === 0) return;
    isWatched = true;
    const wait = waited.length > 0 ? 0 : (fresh.head as Refusal).from - performance.now();
    setTimeout(giveSome, Math.max(step, wait));
  }

  return {
    /** Has a refusal given in its time; whoever has waited for an answer in vain goes before others. */
    add(give: () => void, hasWaited: boolean): void {
      if (length() >= holding) {
        give();
        return;
      }
      const time = performance.now();
      (hasWaited ? waited : fresh).push({ give, from: time + hold, until: time + longest });
      watch();
    },
    /** Tells that an answer was given. */
    answered(): void {
      lastAnswer = performance.now();
      answers = Math.min(answers + 1, answersPerRefusal);
      if (answers < answersPerRefusal || length() === 0) return;
      const refusal = take(lastAnswer);
      if (!refusal) return;
      answers = 0;
      refusal.give();
    },
  };
}
