import { Elysia } from "elysia";
import { z } from "zod";
import type { Role } from "../http/access.ts";
import { readJson } from "../http/body.ts";
import { describe, guardProblems } from "../http/describe.ts";
import { createQueryReader } from "../http/query.ts";
import type { AuditLog } from "../storage/audit.ts";
import type { MonitorResult, MonitorResultStore } from "../storage/monitor-results.ts";
import {
  distributionsSchema,
  exampleDistributions,
  exampleLatest,
  latestSchema,
  scenarioSchema,
  switchSchema,
} from "./answers.ts";
import type { Distributions } from "./distributions.ts";
import { eventStream } from "./event-stream.ts";
import type { Events } from "./events.ts";
import type { EvidenceBySeries } from "./evidence-store.ts";
import type { HistoryRequest } from "./history.ts";
import { findHistory, historyParameters, historySchema } from "./history-query.ts";
import { alarmsOf, exampleResult, iso, presentAlarm, presentResult, resultSchema } from "./report.ts";
import type { ScenarioSwitch } from "./scenario.ts";
import { verdictOf } from "./verdict.ts";

const readHistoryQuery = createQueryReader(historySchema);

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
        const found = await findHistory(readHistoryQuery(request), { results, readHistory, now });
        return { results: found.map((result) => presentResult(result)) };
      },
      {
        detail: describe({
          summary: "Past results, oldest first; the newest of the range when there are more than the limit",
          tag: "monitoring",
          parameters: historyParameters,
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
