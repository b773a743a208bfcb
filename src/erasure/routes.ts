import { Elysia } from "elysia";
import { z } from "zod";
import { AppError } from "../errors.ts";
import type { Role } from "../http/access.ts";
import { describe, guardProblems } from "../http/describe.ts";
import type { Erasure } from "./service.ts";

const erasedSchema = z.object({ erased: z.boolean() });

/** Else nobody of that name would be found, and the caller believe that the person is unknown. @throws AppError `malformed_path` */
function requireReadable(request: Request): void {
  try {
    decodeURIComponent(new URL(request.url).pathname);
  } catch (cause) {
    throw new AppError(
      "malformed_path",
      "user_id is not UTF-8 in percent-encoding: encode it, as encodeURIComponent does",
      {
        cause,
        flaws: [{ path: "user_id", message: "is not UTF-8 in percent-encoding" }],
      },
    );
  }
}

export interface ErasureRoutesOptions {
  erasure: Erasure;
  authorize(request: Request, role: Role): string;
}

export function erasureRoutes({ erasure, authorize }: ErasureRoutesOptions) {
  return new Elysia({ name: "erasure" }).delete(
    "/customers/:user_id",
    async function eraseCustomer({ request, params }) {
      const actor = authorize(request, "admin");
      requireReadable(request);
      return { erased: await erasure.erase(params.user_id, actor) };
    },
    {
      detail: describe({
        summary: "Erases a person: predictions and feedback are gone, aggregates stay",
        description:
          "Also gone is what the replay would play. Files of raw data and backups are not touched: erase the person there too.",
        tag: "predictions",
        parameters: [{ name: "user_id", in: "path", description: "the customer" }],
        answer: { schema: erasedSchema, example: { erased: true } },
        problems: [...guardProblems, 400, 503],
      }),
    },
  );
}
