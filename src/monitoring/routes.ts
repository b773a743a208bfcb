import { Elysia } from "elysia";
import { z } from "zod";
import { scenarioNames } from "../config.ts";
import type { Role } from "../http/access.ts";
import { readJson, readQuery } from "../http/body.ts";
import { describe, guardProblems } from "../http/describe.ts";
import type { AuditLog } from "../storage/audit.ts";
import type { MonitorResult, MonitorResultStore } from "../storage/monitor-results.ts";
import type { Distributions } from "./distributions.ts";
import type { Events, ServiceEvent } from "./events.ts";
import type { EvidenceBySeries } from "./evidence-store.ts";
import { monitorNames } from "./finding.ts";
import { type HistoryRequest, type Span, spans } from "./history.ts";
import {
  alarmSchema,
  alarmsOf,
  exampleResult,
  iso,
  presentAlarm,
  presentResult,
  resultSchema,
  verdictSchema,
} from "./report.ts";
import type { ScenarioSwitch } from "./scenario.ts";
import { verdictOf } from "./verdict.ts";

const scenarioSchema = z.object({ scenario: z.enum(scenarioNames), since: z.iso.datetime() });
const latestSchema = scenarioSchema.extend({
  model_version: z.string().nullable(),
  rows: z.int(),
  verdict: verdictSchema,
  alarms: z.array(alarmSchema),
  results: z.array(resultSchema),
});
const exampleLatest: z.output<typeof latestSchema> = {
  scenario: "none",
  since: "2026-11-23T12:00:00.000Z",
  model_version: "20261123T120000",
  rows: 2000,
  verdict: {
    severity: "ok",
    sentence:
      "The model can be believed: over the last 2,000 predictions nothing moved by more than chance, and labels show a ROC AUC of 0.943.",
    since: "2026-11-23T12:05:15.000Z",
    advice: "Nothing to do.",
  },
  alarms: [],
  results: [exampleResult],
};
const sharesSchema = z.array(z.object({ bin: z.string(), reference: z.number(), current: z.number() }));
const distributionsSchema = z.object({
  features: z.array(z.object({ feature: z.string(), bins: sharesSchema })),
  score: z.object({ bins: sharesSchema }),
});
const exampleDistributions: z.output<typeof distributionsSchema> = {
  features: [{ feature: "region", bins: [{ bin: "__missing__", reference: 0.39, current: 0.4 }] }],
  score: { bins: [{ bin: "<=0.0031", reference: 0.1, current: 0.11 }] },
};
const switchSchema = z.strictObject({ scenario: z.enum(scenarioNames) });
const historyLimit = 20_000;
const moment = z.union(
  [z.iso.datetime({ offset: true }), z.string().regex(/^\d{1,15}$/)],
  "expected an ISO 8601 time or milliseconds since 1970",
);
const historySchema = z.strictObject({
  monitor: z.string().max(64).optional(),
  feature: z.string().max(64).optional(),
  metric: z.string().max(64).optional(),
  from: moment.optional(),
  to: moment.optional(),
  span: z.enum(Object.keys(spans) as [Span, ...Span[]]).optional(),
});
const longestHistory = 90 * 86_400_000;

const millisecondsOf = (text: string): number => (/^\d+$/.test(text) ? Number(text) : Date.parse(text));

export interface MonitoringRoutesOptions {
  results: MonitorResultStore;
  /** Results of spans of the version that serves. */
  readHistory(request: HistoryRequest): Promise<MonitorResult[]>;
  /** Those of the last look; null before the first. */
  distributions(): Distributions | null;
  /** What the figures outside their bounds of the newest look are about. */
  evidence(): EvidenceBySeries;
  /** When somebody last looked, if that is too long ago (milliseconds since the epoch). */
  silentSince(): number | null;
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
  readHistory,
  distributions,
  evidence,
  silentSince,
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
        const latest = results.latest();
        const known = evidence();
        return {
          ...presentScenario(),
          model_version: latest[0]?.modelVersion ?? null,
          rows: latest.find(({ monitor }) => monitor === "prediction")?.rows ?? 0,
          verdict: verdictOf({ results: latest, evidence: known, silentSince: silentSince() }),
          alarms: alarmsOf(latest).map((alarm) => presentAlarm(alarm, known)),
          results: latest.map((result) => presentResult(result, known)),
        };
      },
      {
        detail: describe({
          summary: "Whether the model can be believed, and the latest result of every monitor",
          description:
            "Alarms come first by severity, then by what to look at first. A figure that is not defined is null; `rows` says how many rows there were; `chance` how often an undisturbed window is outside the thresholds.",
          tag: "monitoring",
          answer: { schema: latestSchema, example: exampleLatest },
          problems: guardProblems,
        }),
      },
    )
    .get(
      "/monitoring/distributions",
      function latestDistributions({ request }) {
        authorize(request, "read");
        const bins = distributions();
        return {
          features: [...(bins?.features ?? [])].map(([feature, shares]) => ({ feature, bins: shares })),
          score: { bins: bins?.score ?? [] },
        };
      },
      {
        detail: describe({
          summary: "The distributions of the window beside those of the reference",
          description: "Shares 0–1 by bin; nothing before the first look of the monitors.",
          tag: "monitoring",
          answer: { schema: distributionsSchema, example: exampleDistributions },
          problems: guardProblems,
        }),
      },
    )
    .get(
      "/monitoring/history",
      async function pastResults({ request }) {
        authorize(request, "read");
        const query = readQuery(request, historySchema);
        const { monitor = null, feature = null, metric = null, span } = query;
        const to = query.to ? millisecondsOf(query.to) : now();
        const from = query.from ? millisecondsOf(query.from) : 0;
        const found = span
          ? (await readHistory({ span, from: Math.max(from, to - longestHistory), to })).filter(
              (result) =>
                (monitor ?? result.monitor) === result.monitor &&
                (feature ?? result.feature) === result.feature &&
                (metric ?? result.metric) === result.metric,
            )
          : results.history({ monitor, feature, metric, from, to, limit: historyLimit });
        return { results: found.map((result) => presentResult(result)) };
      },
      {
        detail: describe({
          summary: `Past results, oldest first; the newest ${historyLimit} of the range`,
          tag: "monitoring",
          parameters: [
            {
              name: "monitor",
              in: "query",
              description: monitorNames.join(", "),
              example: "drift",
            },
            { name: "metric", in: "query", description: "psi, roc_auc, missing_ratio …", example: "psi" },
            { name: "feature", in: "query", description: "a field of a customer", example: "montant" },
            {
              name: "from",
              in: "query",
              description: "ISO 8601 time or milliseconds since 1970",
              example: "2026-11-23T12:00:00Z",
            },
            {
              name: "span",
              in: "query",
              description: `${Object.keys(spans).join(", ")}: whole hours, days (UTC) or the last 30 days instead of windows; from sums by the minute, of the last 90 days`,
              example: "hour",
            },
            { name: "to", in: "query", description: "the same; now when absent", example: "2026-11-23T13:00:00Z" },
          ],
          answer: { schema: z.object({ results: z.array(resultSchema) }), example: { results: [exampleResult] } },
          problems: [...guardProblems, 422],
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
          problems: guardProblems,
        }),
      },
    )
    .post(
      "/scenario",
      async function switchScenario({ request }) {
        const actor = authorize(request, "admin");
        const { scenario: name } = await readJson(request, switchSchema, 1024);
        const entry = { at: now(), actor, action: "scenario.switch", subject: name } as const;
        await audit.record(entry, () => scenario.switchTo(name));
        return presentScenario();
      },
      {
        parse: "none",
        detail: describe({
          summary: "Lets the replay play a drift scenario from now on",
          tag: "replay",
          body: { schema: switchSchema, example: { scenario: "price-rise" } },
          answer: { schema: scenarioSchema, example: { scenario: "price-rise", since: "2026-11-23T12:00:00.000Z" } },
          problems: [...guardProblems, 400, 408, 413, 415, 422, 503],
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
          problems: guardProblems,
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
