import { type Database, prepare } from "./database.ts";
import { predictionId, seqOf } from "./prediction-id.ts";

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

const columns = `seq, id, user_id AS userId, predicted_at AS predictedAt, model_version AS modelVersion, source,
  customer, probability, threshold, churn`;

/** Predictions that were answered. Inserts belong into a transaction of the caller's. */
export function createPredictionStore(database: Database) {
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
  const latestOfUser = prepare<StoredPrediction, [string]>(
    database,
    `SELECT ${columns} FROM predictions WHERE user_id = ? ORDER BY seq DESC LIMIT 1`,
  );
  const eraseUser = prepare<null, [string]>(database, "DELETE FROM predictions WHERE user_id = ?");
  const eraseOld = prepare<null, [number, number]>(
    database,
    `DELETE FROM predictions WHERE seq IN (
       SELECT seq FROM (SELECT seq, predicted_at FROM predictions ORDER BY seq LIMIT ?2) WHERE predicted_at < ?1)`,
  );

  return {
    /** Appends predictions. @returns what names each, in their order. */
    append(rows: readonly NewPrediction[]): PredictionKey[] {
      let { seq } = last.get() as { seq: number };
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
    latestOfUser: (userId: string): StoredPrediction | null => latestOfUser.get(userId),
    /** Deletes a person's predictions with everything that hangs on them. @returns how many. */
    eraseUser: (userId: string): number => eraseUser.run(userId).changes,
    /** Deletes those of the oldest `limit` predictions that were made before a time. @returns how many. */
    eraseBefore: (time: number, limit: number): number => eraseOld.run(time, limit).changes,
  };
}
