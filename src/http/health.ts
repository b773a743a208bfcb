import { Elysia } from "elysia";
import { z } from "zod";
import { describe } from "./describe.ts";

const statusSchema = z.object({ status: z.enum(["ok", "unavailable"]), reason: z.string().optional() });

/** @param whyNotReady why it cannot predict, when it cannot */
export function healthRoutes(whyNotReady: () => string | undefined) {
  return new Elysia({ name: "health" })
    .get("/health/live", () => ({ status: "ok" }), {
      detail: describe({
        summary: "Is the process alive?",
        tag: "service",
        answer: { schema: statusSchema, example: { status: "ok" } },
      }),
    })
    .get(
      "/health/ready",
      function ready({ set }) {
        const reason = whyNotReady();
        if (!reason) return { status: "ok" };
        set.status = 503;
        return { status: "unavailable", reason };
      },
      {
        detail: describe({
          summary: "Can it predict?",
          tag: "service",
          answer: { schema: statusSchema, example: { status: "ok" } },
          problems: [503],
        }),
      },
    );
}
