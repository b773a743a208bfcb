import { z } from "zod";

interface BodyDescription {
  schema: z.ZodType;
  example: unknown;
}

export interface RouteDescription {
  summary: string;
  tag: "predictions" | "feedback" | "models" | "monitoring" | "replay" | "service";
  description?: string;
  parameters?: {
    name: string;
    in: "path" | "query";
    description: string;
    required?: boolean;
    example?: string | number;
  }[];
  body?: BodyDescription & { csv?: string };
  answer?: BodyDescription;
  /** An answer that is not JSON. */
  answerType?: string;
  /** Statuses of the problems that it may answer. */
  problems?: readonly number[];
}

const problemSchema = {
  type: "object",
  required: ["type", "title", "status", "detail", "request_id"],
  properties: {
    type: { type: "string" },
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string" },
    request_id: { type: "string", description: "names the request in the logs, like the header x-request-id" },
    errors: {
      type: "array",
      items: {
        type: "object",
        properties: { path: { type: "string" }, message: { type: "string" } },
        required: ["path", "message"],
      },
    },
  },
};

const jsonSchema = (schema: z.ZodType, io: "input" | "output"): Record<string, unknown> => {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return rest;
};

/** What a route that may need a key may answer for it: no key, one without the role, too many requests. */
export const guardProblems: readonly number[] = [401, 403, 429];

/** The OpenAPI operation of a route, from the same schemas that check its bodies. */
export function describe(route: RouteDescription): Record<string, unknown> {
  const problem = { description: "a problem", content: { "application/problem+json": { schema: problemSchema } } };
  const answer = route.answerType
    ? { description: "ok", content: { [route.answerType]: { schema: { type: "string" } } } }
    : {
        description: "ok",
        ...(route.answer && {
          content: {
            "application/json": { schema: jsonSchema(route.answer.schema, "output"), example: route.answer.example },
          },
        }),
      };
  return {
    summary: route.summary,
    tags: [route.tag],
    ...(route.description && { description: route.description }),
    ...(route.parameters && {
      parameters: route.parameters.map(({ example, ...parameter }) => ({
        ...parameter,
        required: parameter.required ?? parameter.in === "path",
        schema: { type: typeof example === "number" ? "integer" : "string" },
        ...(example !== undefined && { example }),
      })),
    }),
    ...(route.body && {
      requestBody: {
        required: true,
        content: {
          "application/json": { schema: jsonSchema(route.body.schema, "input"), example: route.body.example },
          ...(route.body.csv && { "text/csv": { schema: { type: "string" }, example: route.body.csv } }),
        },
      },
    }),
    responses: {
      "200": answer,
      ...Object.fromEntries((route.problems ?? []).map((status) => [String(status), problem])),
    },
  };
}
