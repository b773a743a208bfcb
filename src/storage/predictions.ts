import { type Database, prepare } from "./database.ts";
import { predictionId, seqOf } from "./prediction-id.ts";
import { createRecentUsers } from "./recent-users.ts";
import { createUserIndex, runLength } from "./user-index.ts";

export type PredictionSource = "request" | "replay";

export interface NewPrediction {
  /** See {@link predictionId}. */
  salt: number;
  userId: string;
  predictedAt: number;
  modelVersion: string;
  source: PredictionSource;
  /** The customer as JSON text. */
  customer: string;
  probability: number;
  threshold: number;
  churn: boolean;
  cells: Uint8Array;
}

export interface PredictionKey {
  seq: number;
  id: string;
}

export interface StoredPrediction {
  seq: number;
  id: string;
  userId: string;
  predictedAt: number;
  modelVersion: string;
  source: PredictionSource;
  customer: string;
  probability: number;
  threshold: number;
  churn: number;
}

export type PredictionStore = ReturnType<typeof createPredictionStore>;

/** Whose prediction it is. */
type UserPrediction = Pick<StoredPrediction, "seq" | "userId">;

// More than is gathered for the index and being written.
const recentLimit = 3 * runLength;

const columns = `seq, id, user_id AS userId, predicted_at AS predictedAt, model_version AS modelVersion, source,
  customer, probability, threshold, churn`;

/** Predictions that were answered. Inserts belong into a transaction of the caller's. */
export function createPredictionStore(database: Database) {
  const index = createUserIndex(database);
  const recent = createRecentUsers();
  /** Up to here predictions are in `recent` or in the index; those in `recent` are the last of them. */
  let known = 0;
  let forgotten = 0;
  const last = prepare<{ seq: number }, []>(database, "SELECT coalesce(max(seq), 0) AS seq FROM predictions");
  const insert = prepare<
    null,
    [number, string, string, number, string, string, string, number, number, number, Uint8Array]
  >(
    database,
    `INSERT INTO predictions (seq, id, user_id, predicted_at, model_version, source, customer, probability, threshold, churn, cells)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const byKey = prepare<StoredPrediction, [number, string]>(
    database,
    `SELECT ${columns} FROM predictions WHERE seq = ? AND id = ?`,
  );
  const unnumbered = prepare<StoredPrediction, [string]>(
    database,
    `SELECT ${columns} FROM predictions WHERE seq = (SELECT prediction_seq FROM unnumbered_predictions AS u WHERE u.id = ?)`,
  );
  const bySeq = prepare<StoredPrediction, [number]>(database, `SELECT ${columns} FROM predictions WHERE seq = ?`);
  const userOf = prepare<{ userId: string }, [number]>(
    database,
    "SELECT user_id AS userId FROM predictions WHERE seq = ?",
  );
  const inIndex = `FROM user_predictions CROSS JOIN predictions ON seq = prediction_seq WHERE user_hash = ? AND user_id = ?`;
  const latestIndexed = prepare<StoredPrediction, [number, string]>(
    database,
    `SELECT ${columns} ${inIndex} ORDER BY prediction_seq DESC LIMIT 1`,
  );
  const allIndexed = prepare<{ seq: number }, [number, string]>(database, `SELECT seq ${inIndex}`);
  const oldest = prepare<UserPrediction, [number, number]>(
    database,
    `SELECT seq, user_id AS userId FROM (SELECT seq, user_id, predicted_at FROM predictions ORDER BY seq LIMIT ?2)
     WHERE predicted_at < ?1`,
  );
  const erase = prepare<null, [number]>(database, "DELETE FROM predictions WHERE seq = ?");

  function remember(seq: number, userId: string): void {
    recent.add(index.hashOf(userId), seq);
    known = seq;
  }
  function forgetIndexed(): void {
    if (recent.length <= recentLimit) return;
    const through = index.through();
    if (through > forgotten) recent.forget(through);
    forgotten = through;
  }

  /** Reads what was appended since, unless the index has it by now. */
  function catchUp(): void {
    const through = index.through();
    if (through > known) {
      recent.forget(through);
      known = through;
    }
    for (const { seq, userId } of index.after(known, Number.MAX_SAFE_INTEGER)) remember(seq, userId);
    forgetIndexed();
  }

  /** What is not in the index yet, the last one first. Those that were erased are forgotten. */
  function recentOf(userId: string, limit: number): number[] {
    catchUp();
    const hash = index.hashOf(userId);
    const seqs = recent.ofUser(hash);
    const found: number[] = [];
    const gone = new Set<number>();
    for (let i = seqs.length - 1; i >= 0 && found.length < limit; i--) {
      const seq = seqs[i] as number;
      const row = userOf.get(seq);
      if (!row) gone.add(seq);
      else if (row.userId === userId) found.push(seq);
    }
    if (gone.size > 0) recent.remove(hash, gone);
    return found;
  }

  /** Numbers are not given again: what reads predictions in order would take no notice of the new one. */
  const lastNumber = (): number => Math.max((last.get() as { seq: number }).seq, index.numbered());

  function eraseAll(rows: readonly UserPrediction[]): number {
    if (rows.length > 0) index.noteErasure(lastNumber());
    for (const { seq, userId } of rows) {
      erase.run(seq);
      index.remove(index.hashOf(userId), seq);
    }
    return rows.length;
  }
  const eraseUser = database.transaction((userId: string): number => {
    const indexed = allIndexed.all(index.hashOf(userId), userId).map(({ seq }) => seq);
    const seqs = new Set([...recentOf(userId, Number.POSITIVE_INFINITY), ...indexed]);
    return eraseAll(Array.from(seqs, (seq) => ({ seq, userId })));
  }).immediate;
  const eraseBefore = database.transaction((time: number, limit: number) =>
    eraseAll(oldest.all(time, limit)),
  ).immediate;

  return {
    /** Appends predictions. @returns what names each, in their order. */
    append(rows: readonly NewPrediction[]): PredictionKey[] {
      let seq = lastNumber();
      return rows.map((row) => {
        seq++;
        const id = predictionId(seq, row.predictedAt, row.salt);
        insert.run(
          seq,
          id,
          row.userId,
          row.predictedAt,
          row.modelVersion,
          row.source,
          row.customer,
          row.probability,
          row.threshold,
          row.churn ? 1 : 0,
          row.cells,
        );
        return { seq, id };
      });
    },
    byId: (id: string): StoredPrediction | null => byKey.get(seqOf(id), id) ?? unnumbered.get(id),
    /** Reads what other connections appended, lest the first who asks for a user's predictions has to wait for it. */
    catchUp,
    /** Takes note of what another connection appended, numbered from `first` on: it need not be read. */
    noteAppended(first: number, userIds: readonly string[]): void {
      if (first !== known + 1) {
        catchUp();
        return;
      }
      for (const [i, userId] of userIds.entries()) remember(first + i, userId);
      forgetIndexed();
    },
    latestOfUser(userId: string): StoredPrediction | null {
      const [seq] = recentOf(userId, 1);
      return seq === undefined ? latestIndexed.get(index.hashOf(userId), userId) : bySeq.get(seq);
    },
    /** Deletes a person's predictions with everything that hangs on them. @returns how many. */
    eraseUser: (userId: string): number => eraseUser(userId),
    /** Deletes those of the oldest `limit` predictions that were made before a time. @returns how many. */
    eraseBefore: (time: number, limit: number): number => eraseBefore(time, limit),
  };
}
