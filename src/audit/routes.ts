import { Elysia } from "elysia";
import { z } from "zod";
import type { Role } from "../http/access.ts";
import { describe, guardProblems } from "../http/describe.ts";
import { createQueryReader } from "../http/query.ts";
import { type AuditLog, auditActions } from "../storage/audit.ts";

const most = 1000;
const querySchema = z.strictObject({
  before: z.coerce.number().int().min(1).optional(),
  limit: z.coerce.number().int().min(1).max(most).default(100),
});
const readQuery = createQueryReader(querySchema);
const entrySchema = z.object({
  seq: z.int(),
  at: z.iso.datetime(),
  actor: z.string(),
  action: z.enum(auditActions),
  subject: z.string(),
});

export interface AuditRoutesOptions {
  audit: Pick<AuditLog, "before">;
  authorize(request: Request, role: Role): string;
}

export function auditRoutes({ audit, authorize }: AuditRoutesOptions) {
  return new Elysia({ name: "audit" }).get(
    "/audit",
    function readAudit({ request, set }) {
      authorize(request, "admin");
      const { before = Number.MAX_SAFE_INTEGER, limit } = readQuery(request);
      set.headers["cache-control"] = "no-store";
      return {
        entries: audit.before(before, limit).map(({ at, ...entry }) => ({ ...entry, at: new Date(at).toISOString() })),
      };
    },
    {
      detail: describe({
        summary: "Who changed the model or the scenario, or erased a customer, and when; newest first",
        description:
          "Entries are never changed or deleted. A key is named by the first eight hexadecimal digits of its SHA-256; a customer is not named.",
        tag: "service",
        parameters: [
          {
            name: "before",
            in: "query",
            description: "only entries before this `seq`, for the next page",
            example: 101,
          },
          { name: "limit", in: "query", description: `at most so many, up to ${most}; 100 when absent`, example: 100 },
        ],
        answer: {
          schema: z.object({ entries: z.array(entrySchema) }),
          example: {
            entries: [
              {
                seq: 1,
                at: "2026-11-23T12:00:00.000Z",
                actor: "key 5e884898",
                action: "model.use",
                subject: "20261123T120000",
              },
            ],
          },
        },
        problems: [...guardProblems, 422],
      }),
    },
  );
}
