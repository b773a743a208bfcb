import { type Database, inTransaction, prepare } from "./database.ts";
import { storageFailureOf } from "./failure.ts";
import { createStateStore } from "./state.ts";

/** Predictions that are written to the index together: the more, the fewer pages each of them costs. */
export const runLength = 32_768;

const indexedName = "predictions.indexed";
const numberedName = "predictions.numbered";
const erasuresName = "predictions.erasures";
const seedName = "predictions.userSeed";
const placesInKey = 2 ** 21;

/** Predictions in the order in which they are written to the index. */
export interface Run {
  hashes: Float64Array;
  seqs: Float64Array;
  /** All predictions up to this one are in the index once the run is. */
  through: number;
}

/**
 * Puts predictions in the order of the index.
 * @param hashes at most 2²¹, of the users of the predictions `seqs`, which ascend
 */
export function createRun(hashes: readonly number[], seqs: readonly number[]): Run {
  const keys = Float64Array.from(hashes, (hash, i) => hash * placesInKey + i).sort();
  return {
    hashes: keys.map((key) => Math.floor(key / placesInKey)),
    seqs: keys.map((key) => seqs[key % placesInKey] as number),
    through: seqs.at(-1) as number,
  };
}

/** The index of predictions by user, as it is in the database. What is written belongs in a transaction of the caller. */
export function createUserIndex(database: Database) {
  const state = createStateStore(database);
  const numberOf = (name: string): number => Number(state.get(name) ?? 0);
  const seed = numberOf(seedName);
  const insert = prepare<null, [number, number]>(database, "INSERT OR IGNORE INTO user_predictions VALUES (?, ?)");
  const insertUnlessErased = prepare<null, [number, number]>(
    database,
    "INSERT OR IGNORE INTO user_predictions SELECT ?, seq FROM predictions WHERE seq = ?",
  );
  const remove = prepare<null, [number, number]>(
    database,
    "DELETE FROM user_predictions WHERE user_hash = ? AND prediction_seq = ?",
  );
  const after = prepare<{ seq: number; userId: string }, [number, number]>(
    database,
    "SELECT seq, user_id AS userId FROM predictions WHERE seq > ? ORDER BY seq LIMIT ?",
  );

  const index = {
    /**
     * Stands for a user id in the index, from 0 to 2³² − 1; several may share one. The seed is the database's own, lest somebody makes
     * ids that share one. Source: xxHash, 32 bits
     */
    hashOf: (userId: string): number => Bun.hash.xxHash32(userId, seed),
    /** The prediction up to which all are in the index. */
    through: (): number => numberOf(indexedName),
    /** How often predictions were erased. */
    erasures: (): number => numberOf(erasuresName),
    /** The highest number that any prediction had when some were erased. */
    numbered: (): number => numberOf(numberedName),
    noteErasure(numbered: number): void {
      state.put(numberedName, String(numbered));
      state.put(erasuresName, String(index.erasures() + 1));
    },
    /** Predictions after one, in order. */
    after: (seq: number, limit: number): { seq: number; userId: string }[] => after.all(seq, limit),
    /**
     * Writes a part of a run.
     * @param isErased whether predictions of the run may have been erased since: those are left out, at more cost
     */
    write({ hashes, seqs, through }: Run, from: number, to: number, isErased = false): void {
      const write = isErased ? insertUnlessErased : insert;
      for (let i = from; i < to; i++) write.run(hashes[i] as number, seqs[i] as number);
      if (to === seqs.length) state.put(indexedName, String(Math.max(through, index.through())));
    },
    remove: (hash: number, seq: number) => void remove.run(hash, seq),
    /**
     * Writes whole runs of what is not in the index yet: predictions of an earlier program, or those before a crash. When it is ended
     * half way, the next call goes on.
     * @throws StorageFailure
     */
    writeBacklog(): void {
      try {
        while (writeRunOfBacklog());
      } catch (error) {
        throw storageFailureOf(error) ?? error;
      }
    },
  };

  /** @returns whether there was one. */
  function writeRunOfBacklog(): boolean {
    const rows = index.after(index.through(), runLength);
    if (rows.length < runLength) return false;
    const run = createRun(
      rows.map(({ userId }) => index.hashOf(userId)),
      rows.map(({ seq }) => seq),
    );
    inTransaction(database, () => index.write(run, 0, rows.length));
    return true;
  }
  return index;
}
