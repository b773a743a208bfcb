import { Elysia } from "elysia";
import { z } from "zod";
import type { Role } from "../http/access.ts";
import { describe, guardProblems } from "../http/describe.ts";
import type { AuditLog } from "../storage/audit.ts";
import { manifestSchema } from "./manifest.ts";
import type { Registry } from "./registry.ts";
import type { Serving } from "./serving.ts";

const modelSchema = z.object({
  version: z.string(),
  trained_at: z.iso.datetime(),
  serving: z.boolean(),
  serving_since: z.iso.datetime().nullable(),
});
const useSchema = z.object({ serving: z.string(), since: z.iso.datetime() });
const exampleModel = {
  version: "20261123T120000",
  trained_at: "2026-11-23T12:00:00.000Z",
  serving: true,
  serving_since: "2026-11-23T12:00:04.000Z",
};

export interface ModelRoutesOptions {
  registry: Registry;
  serving: Serving;
  audit: Pick<AuditLog, "sync">;
  now: () => number;
  authorize(request: Request, role: Role): string;
}

export function modelRoutes({ registry, serving, audit, now, authorize }: ModelRoutesOptions) {
  const iso = (milliseconds: number): string => new Date(milliseconds).toISOString();

  async function serve(version: string) {
    await audit.sync();
    await serving.follow();
    return { serving: version, since: iso(registry.currentUse()?.usedAt ?? now()) };
  }

  return new Elysia({ name: "models" })
    .get(
      "/models",
      function listModels({ request }) {
        authorize(request, "read");
        const use = registry.currentUse();
        const models = registry.list().map((model) => ({
          version: model.version,
          trained_at: iso(model.trainedAt),
          serving: model.version === use?.version,
          serving_since: model.version === use?.version ? iso(use.usedAt) : null,
        }));
        return { models };
      },
      {
        detail: describe({
          summary: "Model versions, and which one serves",
          tag: "models",
          answer: { schema: z.object({ models: z.array(modelSchema) }), example: { models: [exampleModel] } },
          problems: guardProblems,
        }),
      },
    )
    .get(
      "/models/:version",
      function getModel({ request, params }) {
        authorize(request, "read");
        return registry.readManifest(params.version);
      },
      {
        detail: describe({
          summary: "A version's data, parameters, metrics and reference profile",
          tag: "models",
          parameters: [
            { name: "version", in: "path", description: "a version of GET /models", example: exampleModel.version },
          ],
          answer: { schema: manifestSchema, example: undefined },
          problems: [...guardProblems, 404, 503],
        }),
      },
    )
    .post(
      "/models/:version/use",
      async function useModel({ request, params }) {
        const actor = authorize(request, "admin");
        await registry.use(params.version, actor);
        return serve(params.version);
      },
      {
        parse: "none",
        detail: describe({
          summary: "Lets a version serve",
          tag: "models",
          parameters: [
            { name: "version", in: "path", description: "a version of GET /models", example: exampleModel.version },
          ],
          answer: { schema: useSchema, example: { serving: exampleModel.version, since: exampleModel.serving_since } },
          problems: [...guardProblems, 404, 503],
        }),
      },
    )
    .post(
      "/models/rollback",
      async function rollbackModel({ request }) {
        const actor = authorize(request, "admin");
        return serve(await registry.rollback(actor));
      },
      {
        parse: "none",
        detail: describe({
          summary: "Lets the version serve that served before",
          tag: "models",
          answer: { schema: useSchema, example: { serving: exampleModel.version, since: exampleModel.serving_since } },
          problems: [...guardProblems, 409, 503],
        }),
      },
    );
}
