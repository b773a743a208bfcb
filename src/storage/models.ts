import type { AuditStore } from "./audit.ts";
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

export interface PastUse extends ModelUse {
  rolledBackAt: number | null;
}

export type ModelStore = ReturnType<typeof createModelStore>;

/** Which model versions exist, which one serves, and which served before. */
export function createModelStore(database: Database, audit: AuditStore) {
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
  const allUses = prepare<PastUse, []>(
    database,
    "SELECT version, used_at AS usedAt, rolled_back_at AS rolledBackAt FROM model_uses ORDER BY seq",
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
    /** Every use there was, oldest first. */
    uses: (): PastUse[] => allUses.all(),
    /** Makes a version the serving one, and says in the audit log who did; no effect when it already is. */
    use: (version: string, now: number, actor: string) =>
      inTransaction(database, () => {
        if (top.all()[0]?.version === version) return;
        insertUse.run(version, now);
        audit.append({ at: now, actor, action: "model.use", subject: version });
      }),
    /** The version that served before the current one; null when there was none. */
    previous: (): string | null => top.all()[1]?.version ?? null,
    /** Goes back to the version that served before, and says in the audit log who did; no effect when there was none. */
    rollback: (now: number, actor: string) =>
      inTransaction(database, () => {
        const [current, previous] = top.all();
        if (!current || !previous) return;
        markRolledBack.run(now, current.seq);
        audit.append({ at: now, actor, action: "model.rollback", subject: previous.version });
      }),
  };
}
