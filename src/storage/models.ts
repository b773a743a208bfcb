import { type Database, inTransaction, prepare } from "./database.ts";

export interface RegisteredModel {
  version: string;
  trainedAt: number;
  registeredAt: number;
}

export interface ModelUse {
  version: string;
  usedAt: number;
}

export type ModelStore = ReturnType<typeof createModelStore>;

/** Which model versions exist, which one serves, and which served before. */
export function createModelStore(database: Database) {
  const insert = prepare<null, [string, number, number]>(
    database,
    "INSERT INTO models (version, trained_at, registered_at) VALUES (?, ?, ?)",
  );
  const all = prepare<RegisteredModel, []>(
    database,
    "SELECT version, trained_at AS trainedAt, registered_at AS registeredAt FROM models ORDER BY trained_at DESC, version DESC",
  );
  const top = prepare<{ seq: number; version: string; usedAt: number }, []>(
    database,
    "SELECT seq, version, used_at AS usedAt FROM model_uses WHERE rolled_back_at IS NULL ORDER BY seq DESC LIMIT 2",
  );
  const insertUse = prepare<null, [string, number]>(
    database,
    "INSERT INTO model_uses (version, used_at) VALUES (?, ?)",
  );
  const markRolledBack = prepare<null, [number, number]>(
    database,
    "UPDATE model_uses SET rolled_back_at = ? WHERE seq = ?",
  );

  return {
    register: (model: RegisteredModel) => void insert.run(model.version, model.trainedAt, model.registeredAt),
    list: (): RegisteredModel[] => all.all(),
    current: (): ModelUse | null => {
      const use = top.all()[0];
      return use ? { version: use.version, usedAt: use.usedAt } : null;
    },
    /** Makes a version the serving one; no effect when it already is. */
    use: (version: string, now: number) =>
      inTransaction(database, () => {
        if (top.all()[0]?.version !== version) insertUse.run(version, now);
      }),
    /** The version that served before the current one; null when there was none. */
    previous: (): string | null => top.all()[1]?.version ?? null,
    /** Goes back to the version that served before; no effect when there was none. */
    rollback: (now: number) =>
      inTransaction(database, () => {
        const [current, previous] = top.all();
        if (current && previous) markRolledBack.run(now, current.seq);
      }),
  };
}
