import type { Database } from "./database.ts";
import { createRun, createUserIndex, type Run, runLength } from "./user-index.ts";

// Faster than new ones come.
const writtenPerPrediction = 2;

/**
 * Writes the index of predictions by user behind the predictions. Those are gathered in memory until there are many, and then, with
 * each batch of further ones, some are written in the order of the index: neighbours share its pages, where each prediction by itself
 * would cost one. After a restart the rest is gathered again from the predictions.
 * @param length how many are gathered
 */
export function createUserIndexer(database: Database, length = runLength) {
  const index = createUserIndex(database);
  const hashes: number[] = [];
  const seqs: number[] = [];
  /** Counted before any of these was gathered: when there are more by now, some of these may be gone. */
  let erasures = index.erasures();
  let last = index.through();
  let run: (Run & { erasures: number }) | null = null;
  let written = 0;
  gatherAfter(Number.MAX_SAFE_INTEGER);

  function gather(seq: number, userId: string): void {
    hashes.push(index.hashOf(userId));
    seqs.push(seq);
    last = seq;
  }
  function gatherAfter(count: number): void {
    for (const { seq, userId } of index.after(last, count)) gather(seq, userId);
  }

  /** Where the part ends that is to be written with so many predictions. */
  const endOfPart = (run: Run, count: number): number =>
    Math.min(written + writtenPerPrediction * count, run.seqs.length);

  function startRun(): void {
    run = { ...createRun(hashes.splice(0, length), seqs.splice(0, length)), erasures };
    written = 0;
    if (seqs.length === 0) erasures = index.erasures();
  }

  return {
    /** Writes a part of what was gathered; belongs in the transaction that stores `count` new ones. */
    write(count: number): void {
      if (run) index.write(run, written, endOfPart(run, count), index.erasures() !== run.erasures);
    },
    /** Takes over what that transaction stored, numbered from `first` on, once it is committed. */
    stored(first: number, userIds: readonly string[]): void {
      if (run) {
        written = endOfPart(run, userIds.length);
        if (written === run.seqs.length) run = null;
      }
      // A thread that was given up may have committed after this one began.
      if (first > last + 1) gatherAfter(first - last - 1);
      for (const [i, userId] of userIds.entries()) if (first + i > last) gather(first + i, userId);
      if (!run && seqs.length >= length) startRun();
    },
  };
}
