import { type Database, prepare } from "./database.ts";

export type AuditAction = "model.use" | "model.rollback" | "scenario.switch" | "customer.erase";

export type AuditLog = ReturnType<typeof createAuditLog>;

/** Append-only record of what people changed; it names no customer. */
export function createAuditLog(database: Database) {
  const insert = prepare<null, [number, string, string, string]>(
    database,
    "INSERT INTO audit_log (at, actor, action, subject) VALUES (?, ?, ?, ?)",
  );
  return {
    append: (entry: { at: number; actor: string; action: AuditAction; subject: string }) =>
      void insert.run(entry.at, entry.actor, entry.action, entry.subject),
  };
}
