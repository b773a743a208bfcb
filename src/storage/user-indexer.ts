import type { Database } from "./database.ts";
import { createRun, createUserIndex, type Run, runLength, userHash } from "./user-index.ts";

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
  let gathered = emptyGathering();
  let run: (Run & { lastErasure: number }) | null = null;
  let written = 0;
  for (const { seq, userId } of index.after(index.through(), Number.MAX_SAFE_INTEGER)) gather(seq, userId);

  /** With the last erasure before any of it: after another one, some of it may be gone. */
  function emptyGathering() {
    return { hashes: [] as number[], seqs: [] as number[], lastErasure: index.lastErasure() };
  }
  function gather(seq: number, userId: string): void {
    gathered.hashes.push(userHash(userId));
    gathered.seqs.push(seq);
  }

  /** Where the part ends that is to be written with so many predictions. */
  const endOfPart = (run: Run, predictions: number): number =>
    Math.min(written + writtenPerPrediction * predictions, run.seqs.length);

  return {
    /** Writes a part of what was gathered; belongs into the transaction that stores `predictions` new ones. */
    write(predictions: number): void {
      if (run) index.write(run, written, endOfPart(run, predictions), index.lastErasure() !== run.lastErasure);
    },
    /** Takes over what that transaction stored, numbered from `first` on, once it is committed. */
    stored(first: number, userIds: readonly string[]): void {
      if (run) {
        written = endOfPart(run, userIds.length);
        if (written === run.seqs.length) run = null;
      }
      for (const [i, userId] of userIds.entries()) gather(first + i, userId);
      if (run || gathered.seqs.length < length) return;
      run = { ...createRun(gathered.hashes, gathered.seqs), lastErasure: gathered.lastErasure };
      written = 0;
      gathered = emptyGathering();
    },
  };
}
