import type { JsonSchema } from "./fitting.ts";

interface Content {
  schema: JsonSchema;
}

interface DescribedOperation {
  parameters?: { name: string; in: "path" | "query" }[];
  requestBody?: { content: Record<string, Content> };
  responses: Record<string, { content?: Record<string, Content> }>;
}

/** One route as the service itself describes it. */
export interface Operation {
  method: string;
  /** With its parameters in braces. */
  path: string;
  query: string[];
  /** The schema of a JSON body. */
  body: JsonSchema | null;
  takesCsv: boolean;
  statuses: number[];
  /** The schema of a JSON answer. */
  answer: JsonSchema | null;
  isStream: boolean;
}

/** Every route of a running service, read from its OpenAPI document. */
export async function readOperations(url: string): Promise<Operation[]> {
  const { paths } = (await (await fetch(`${url}/openapi.json`)).json()) as {
    paths: Record<string, Record<string, DescribedOperation>>;
  };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters = [], requestBody, responses }]): Operation => {
      const answers = responses["200"]?.content ?? {};
      return {
        method: method.toUpperCase(),
        path,
        query: parameters.filter((parameter) => parameter.in === "query").map(({ name }) => name),
        body: requestBody?.content["application/json"]?.schema ?? null,
        takesCsv: requestBody?.content["text/csv"] !== undefined,
        statuses: Object.keys(responses).map(Number),
        answer: answers["application/json"]?.schema ?? null,
        isStream: answers["text/event-stream"] !== undefined,
      };
    }),
  );
}
