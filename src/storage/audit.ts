import { type Database, prepare } from "./database.ts";
import type { Durability } from "./durability.ts";

export const auditActions = ["model.use", "model.rollback", "scenario.switch", "customer.erase"] as const;
export type AuditAction = (typeof auditActions)[number];

/** Who changed what, and when (milliseconds). It names keys by their fingerprint, and no customer. */
export interface AuditEntry {
  at: number;
  actor: string;
  action: AuditAction;
  subject: string;
}

export interface StoredAuditEntry extends AuditEntry {
  seq: number;
}

export type AuditStore = ReturnType<typeof createAuditStore>;

/** Append-only record of what people changed; the database itself refuses to change or delete an entry. */
export function createAuditStore(database: Database) {
  const insert = prepare<null, [number, string, string, string]>(
    database,
    "INSERT INTO audit_log (at, actor, action, subject) VALUES (?, ?, ?, ?)",
  );
  const newest = prepare<StoredAuditEntry, [number, number]>(
    database,
    "SELECT seq, at, actor, action, subject FROM audit_log WHERE seq < ? ORDER BY seq DESC LIMIT ?",
  );
  return {
    /** Belongs into the transaction of the change. */
    append: ({ at, actor, action, subject }: AuditEntry) => void insert.run(at, actor, action, subject),
    /** The newest entries before a sequence number, newest first. */
    before: (seq: number, limit: number): StoredAuditEntry[] => newest.all(seq, limit),
  };
}

export type AuditLog = ReturnType<typeof createAuditLog>;

/** The audit log of a service whose commits wait for the disk together. */
export function createAuditLog(store: AuditStore, durability: Durability) {
  return {
    /** Makes a change and its entry in one transaction. @returns what the change returns, once both are on disk. */
    record: <T>(entry: AuditEntry, change: () => T): Promise<T> =>
      durability.commit(() => {
        const result = change();
        store.append(entry);
        return result;
      }),
    /** Resolves when the entries made before, and their changes, are on disk. */
    sync: () => durability.sync(),
    before: store.before,
  };
}
