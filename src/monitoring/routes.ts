import { Elysia } from "elysia";
import { z } from "zod";
import { scenarioNames } from "../config.ts";
import type { Role } from "../http/access.ts";
import { readJson, validate } from "../http/body.ts";
import { describe } from "../http/describe.ts";
import type { AuditLog } from "../storage/audit.ts";
import type { MonitorResult, MonitorResultStore } from "../storage/monitor-results.ts";
import type { Events, ServiceEvent } from "./events.ts";
import type { ScenarioSwitch } from "./scenario.ts";

const time = z.iso.datetime();
const figure = z.number().nullable();
const resultSchema = z.object({
  evaluated_at: time,
  monitor: z.string(),
  metric: z.string(),
  feature: z.string().nullable(),
  value: figure,
  lower: figure,
  upper: figure,
  threshold: z.object({ lower: figure, upper: figure }),
  window: z.object({ from: time.nullable(), to: time.nullable() }),
  rows: z.int(),
  verdict: z.enum(["ok", "alarm", "insufficient", "immature"]),
  since: time,
  model_version: z.string(),
  scenario: z.string(),
});
const exampleResult = {
  evaluated_at: "2026-11-23T12:10:00.000Z",
  monitor: "drift",
  metric: "psi",
  feature: "montant",
  value: 0.011,
  lower: null,
  upper: null,
  threshold: { lower: null, upper: 0.031 },
  window: { from: "2026-11-23T12:03:20.000Z", to: "2026-11-23T12:09:59.000Z" },
  rows: 2000,
  verdict: "ok",
  since: "2026-11-23T12:05:15.000Z",
  model_version: "20261123T120000",
  scenario: "none",
};
const scenarioSchema = z.object({ scenario: z.enum(scenarioNames), since: time });
const switchSchema = z.strictObject({ scenario: z.enum(scenarioNames) });
const historyLimit = 20_000;
const moment = z.union(
  [z.iso.datetime({ offset: true }), z.string().regex(/^\d{1,15}$/)],
  "expected an ISO 8601 time or milliseconds since 1970",
);
const historySchema = z.strictObject({
  monitor: z.string().max(64).optional(),
  feature: z.string().max(64).optional(),
  from: moment.optional(),
  to: moment.optional(),
});

const iso = (milliseconds: number): string => new Date(milliseconds).toISOString();
const defined = (value: number): number | null => (Number.isFinite(value) ? value : null);
const millisecondsOf = (text: string): number => (/^\d+$/.test(text) ? Number(text) : Date.parse(text));

const present = (result: MonitorResult): z.output<typeof resultSchema> => ({
  evaluated_at: iso(result.evaluatedAt),
  monitor: result.monitor,
  metric: result.metric,
  feature: result.feature,
  value: defined(result.value),
  lower: defined(result.lower),
  upper: defined(result.upper),
  threshold: { lower: defined(result.thresholdLower), upper: defined(result.thresholdUpper) },
  window: {
    from: result.windowFrom === null ? null : iso(result.windowFrom),
    to: result.windowTo === null ? null : iso(result.windowTo),
  },
  rows: result.rows,
  verdict: result.verdict,
  since: iso(result.since),
  model_version: result.modelVersion,
  scenario: result.scenario,
});

export interface MonitoringRoutesOptions {
  results: MonitorResultStore;
  scenario: ScenarioSwitch;
  events: Events;
  audit: AuditLog;
  now: () => number;
  authorize(request: Request, role: Role): string;
  /** Aborted when the service stops: ends the streams of events. */
  stopping: AbortSignal;
}

export function monitoringRoutes({
  results,
  scenario,
  events,
  audit,
  now,
  authorize,
  stopping,
}: MonitoringRoutesOptions) {
  const presentScenario = () => ({ scenario: scenario.current.name, since: iso(scenario.current.since) });

  return new Elysia({ name: "monitoring" })
    .get(
      "/monitoring",
      function latestResults({ request }) {
        authorize(request, "read");
        return { ...presentScenario(), results: results.latest().map(present) };
      },
      {
        detail: describe({
          summary: "The latest result of every monitor",
          description: "A figure that is not defined is null; `rows` says how many rows there were.",
          tag: "monitoring",
          answer: {
            schema: scenarioSchema.extend({ results: z.array(resultSchema) }),
            example: { scenario: "none", since: "2026-11-23T12:00:00.000Z", results: [exampleResult] },
          },
          problems: [401, 403],
        }),
      },
    )
    .get(
      "/monitoring/history",
      function pastResults({ request }) {
        authorize(request, "read");
        const query = validate(historySchema, Object.fromEntries(new URL(request.url).searchParams));
        const found = results.history({
          monitor: query.monitor ?? null,
          feature: query.feature ?? null,
          from: query.from ? millisecondsOf(query.from) : 0,
          to: query.to ? millisecondsOf(query.to) : now(),
          limit: historyLimit,
        });
        return { results: found.map(present) };
      },
      {
        detail: describe({
          summary: `Past results, oldest first; the newest ${historyLimit} of the range`,
          tag: "monitoring",
          parameters: [
            {
              name: "monitor",
              in: "query",
              description: "quality, drift, prediction, realized, estimated or labels",
              example: "drift",
            },
            { name: "feature", in: "query", description: "a field of a customer", example: "montant" },
            {
              name: "from",
              in: "query",
              description: "ISO 8601 time or milliseconds since 1970",
              example: "2026-11-23T12:00:00Z",
            },
            { name: "to", in: "query", description: "the same; now when absent", example: "2026-11-23T13:00:00Z" },
          ],
          answer: { schema: z.object({ results: z.array(resultSchema) }), example: { results: [exampleResult] } },
          problems: [401, 403, 422],
        }),
      },
    )
    .get(
      "/scenario",
      function getScenario({ request }) {
        authorize(request, "read");
        return presentScenario();
      },
      {
        detail: describe({
          summary: "The drift scenario that the replay plays",
          tag: "replay",
          answer: { schema: scenarioSchema, example: { scenario: "none", since: "2026-11-23T12:00:00.000Z" } },
          problems: [401, 403],
        }),
      },
    )
    .post(
      "/scenario",
      async function switchScenario({ request }) {
        const actor = authorize(request, "admin");
        const { scenario: name } = await readJson(request, switchSchema, 1024);
        scenario.switchTo(name);
        audit.append({ at: now(), actor, action: "scenario.switch", subject: name });
        return presentScenario();
      },
      {
        parse: "none",
        detail: describe({
          summary: "Lets the replay play a drift scenario from now on",
          tag: "replay",
          body: { schema: switchSchema, example: { scenario: "price-rise" } },
          answer: { schema: scenarioSchema, example: { scenario: "price-rise", since: "2026-11-23T12:00:00.000Z" } },
          problems: [400, 401, 403, 413, 415, 422],
        }),
      },
    )
    .get(
      "/events",
      function streamEvents({ request, server }) {
        authorize(request, "read");
        // The server would end a connection on which nothing is said.
        server?.timeout(request, 0);
        return new Response(eventStream(events, AbortSignal.any([stopping, request.signal])), {
          headers: { "content-type": "text/event-stream", "cache-control": "no-store" },
        });
      },
      {
        detail: describe({
          summary: "Server-sent events: monitor passes, alarms, model and scenario changes",
          tag: "monitoring",
          answerType: "text/event-stream",
          problems: [401, 403],
        }),
      },
    );
}

function eventStream(events: Events, ended: AbortSignal): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let close = () => {};
  return new ReadableStream<Uint8Array>({
    start(controller) {
      const send = (text: string) => controller.enqueue(encoder.encode(text));
      const unsubscribe = events.subscribe(({ type, data }: ServiceEvent) =>
        send(`event: ${type}\ndata: ${JSON.stringify(data)}\n\n`),
      );
      const heartbeat = setInterval(() => send(": still here\n\n"), 15_000);
      close = () => {
        unsubscribe();
        clearInterval(heartbeat);
      };
      ended.addEventListener("abort", () => {
        close();
        controller.close();
      });
      send(": connected\n\n");
    },
    cancel: () => close(),
  });
}
