import { type Database, inTransaction, prepare } from "./database.ts";

export interface ReplayRow {
  position: number;
  customer: string;
  churned: number;
}

export type ReplayStore = ReturnType<typeof createReplayStore>;

/** The held-out customers of each model version, in the order in which the replay plays them. */
export function createReplayStore(database: Database) {
  const insert = prepare<null, [string, number, string, number]>(
    database,
    "INSERT INTO replay_customers (model_version, position, customer, churned) VALUES (?, ?, ?, ?)",
  );
  const from = prepare<ReplayRow, [string, number, number]>(
    database,
    `SELECT position, customer, churned FROM replay_customers
     WHERE model_version = ? AND position >= ? ORDER BY position LIMIT ?`,
  );
  const newestWithRows = prepare<{ version: string }, [string]>(
    database,
    `SELECT version FROM models WHERE EXISTS (SELECT 1 FROM replay_customers WHERE model_version = version)
     ORDER BY version = ? DESC, trained_at DESC LIMIT 1`,
  );
  const eraseChunk = prepare<null, [string, string, number]>(
    database,
    `DELETE FROM replay_customers WHERE (model_version, position) IN
     (SELECT model_version, position FROM replay_customers
      WHERE model_version NOT IN (?, ?) AND model_version < (SELECT max(version) FROM models) LIMIT ?)`,
  );
  const eraseUser = prepare<null, [string]>(
    database,
    "DELETE FROM replay_customers WHERE json_extract(customer, '$.user_id') = ?",
  );

  return {
    eraseUser: (userId: string): number => eraseUser.run(userId).changes,
    /** Appends customers in one transaction of a size that does not keep other writers waiting. */
    append: (modelVersion: string, rows: readonly ReplayRow[]) =>
      inTransaction(database, () => {
        for (const row of rows) insert.run(modelVersion, row.position, row.customer, row.churned);
      }),
    from: (modelVersion: string, position: number, limit: number): ReplayRow[] =>
      from.all(modelVersion, position, limit),
    /** The version whose held-out customers to play: the serving one's, else the newest that has any. */
    sourceFor: (modelVersion: string): string | null => newestWithRows.get(modelVersion)?.version ?? null,
    /**
     * Deletes at most `limit` customers of versions other than the two given and older than the newest; what a training run
     * is writing now stays. @returns how many.
     */
    eraseExcept: (current: string, previous: string, limit: number): number =>
      eraseChunk.run(current, previous, limit).changes,
  };
}
