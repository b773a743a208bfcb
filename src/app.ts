import { openapi } from "@elysiajs/openapi";
import { Elysia } from "elysia";
import { auditRoutes } from "./audit/routes.ts";
import { docsRoutes } from "./docs.ts";
import { erasureRoutes } from "./erasure/routes.ts";
import type { Erasure } from "./erasure/service.ts";
import { AppError, type RejectionReason } from "./errors.ts";
import { feedbackRoutes } from "./feedback/routes.ts";
import type { FeedbackService } from "./feedback/service.ts";
import type { Access, AnswerHeaders, Role } from "./http/access.ts";
import { describe } from "./http/describe.ts";
import { healthRoutes } from "./http/health.ts";
import type { Lanes } from "./http/lane.ts";
import { notFound } from "./http/not-found.ts";
import { problemResponse } from "./http/problem.ts";
import { requestIdOf } from "./http/request-id.ts";
import { type AnsweredRequest, createRequestMetrics } from "./http/request-metrics.ts";
import type { Metrics } from "./metrics.ts";
import type { Registry } from "./models/registry.ts";
import { modelRoutes } from "./models/routes.ts";
import type { Serving } from "./models/serving.ts";
import { type Distributions, distributionsOf } from "./monitoring/distributions.ts";
import type { Events } from "./monitoring/events.ts";
import type { HistoryRequest } from "./monitoring/history.ts";
import { resultsOfSpans } from "./monitoring/history-query.ts";
import type { Monitors } from "./monitoring/monitors.ts";
import type { Refusals } from "./monitoring/refusals.ts";
import { monitoringRoutes } from "./monitoring/routes.ts";
import type { ScenarioSwitch } from "./monitoring/scenario.ts";
import type { MonitoringThread } from "./monitoring/thread.ts";
import { type PageRoutesOptions, pageRoutes } from "./page/routes.ts";
import { predictionRoutes } from "./predictions/routes.ts";
import type { PredictionService } from "./predictions/service.ts";
import type { AuditLog } from "./storage/audit.ts";
import type { Durability } from "./storage/durability.ts";
import { StorageFailure, storageFailureOf } from "./storage/failure.ts";
import type { MonitorResult, MonitorResultStore } from "./storage/monitor-results.ts";
import type { RequestSpan, Tracing } from "./tracing/start.ts";

export interface AppOptions {
  predictions: PredictionService;
  feedback: FeedbackService;
  registry: Registry;
  serving: Serving;
  results: MonitorResultStore;
  monitors: Pick<Monitors, "latest" | "evidence" | "silentSince">;
  refusals: Refusals;
  readHistory: MonitoringThread["history"];
  scenario: ScenarioSwitch;
  events: Events;
  audit: AuditLog;
  metrics: Metrics;
  access: Access;
  durability: Pick<Durability, "failure" | "notice">;
  erasure: Erasure;
  lanes: Lanes;
  /** What the operator's page reads beyond the API. */
  page: Pick<PageRoutesOptions, "sums" | "replay" | "random" | "windowSize" | "scenarios" | "feedbackDelay">;
  now: () => number;
  newId(time: number): string;
  tracing: Tracing | null;
  /** Told of every request that was answered. */
  onAnswered(answered: AnsweredRequest): void;
  /** Told of every error that is a defect of this program. */
  onDefect(error: unknown, request: { method: string; requestId: string }): void;
  stopping: AbortSignal;
}

/** What is known of a request from its arrival on. */
interface Arrival {
  startedAt: number;
  requestId: string;
  span: RequestSpan | undefined;
}

/** What the answer to a request is set to: made anew for each request, so that it can carry what is known of it. */
interface Arriving {
  arrival?: Arrival;
}

/** The HTTP interface as a value: it is handed everything it needs and does not listen. */
export function createApp(options: AppOptions) {
  const {
    predictions,
    feedback,
    registry,
    serving,
    results,
    monitors,
    refusals,
    readHistory,
    scenario,
    events,
    audit,
    metrics,
    access,
    durability,
    lanes,
    now,
    newId,
    tracing,
    onAnswered,
    onDefect,
    stopping,
  } = options;
  const { instruments } = metrics;
  let addressOf = (_request: Request): string => "local";

  const answerHeaders = new WeakMap<Request, AnswerHeaders>();
  const authorize = (request: Request, role: Role): string =>
    access.authorize(request, role, () => addressOf(request), answerHeaders.get(request));
  const distributions = (): Distributions | null => {
    const pass = monitors.latest;
    if (!pass || !serving.isReady || serving.model.manifest.version !== pass.modelVersion) return null;
    return distributionsOf(serving.model.manifest.reference, pass.bins);
  };
  async function historyOf(request: HistoryRequest): Promise<MonitorResult[]> {
    const { version } = serving.model.manifest;
    return resultsOfSpans(version, await readHistory(version, request));
  }
  const onRejected = (reason: RejectionReason): void => {
    instruments.rejections.inc({ reason });
    refusals.add(reason);
  };

  async function answered(): Promise<number> {
    const { values } = await instruments.predictions.get();
    return values.reduce((sum, { value }) => sum + value, 0);
  }
  async function rejections(): Promise<{ reason: string; count: number }[]> {
    const { values } = await instruments.rejections.get();
    return values.map(({ labels, value }) => ({ reason: String(labels.reason), count: value }));
  }

  const observe = createRequestMetrics(instruments);
  const whyNotReady = (): string | undefined =>
    stopping.aborted
      ? "the service is stopping"
      : serving.isReady
        ? durability.failure?.message
        : "no model is loaded yet";

  const app = new Elysia({
    name: "churnwatch",
    serve: { reusePort: false, idleTimeout: 30, maxRequestBodySize: 64 * 1024 * 1024 },
  })
    .onStart(({ server }) => {
      addressOf = (request) => server?.requestIP(request)?.address ?? "local";
    })
    .onRequest(({ set, request }) => {
      const requestId = requestIdOf(request, () => newId(now()));
      const span = tracing?.begin(request, requestId);
      (set as Arriving).arrival = { startedAt: performance.now(), requestId, span };
      set.headers["x-content-type-options"] = "nosniff";
      set.headers["x-request-id"] = requestId;
      if (stopping.aborted) set.headers.connection = "close";
      if (access.isLimited) answerHeaders.set(request, set.headers as AnswerHeaders);
      // Bun answers requests that were sent without waiting for answers, thousands in one go, before anybody else has a turn, as long as
      // each is answered at once. When one is not, it closes the connection, as it does for requests with a body.
      if (request.method !== "POST") return turn();
    })
    .onAfterResponse({ as: "global" }, ({ request, route, set, responseValue }) => {
      const status = responseValue instanceof Response ? responseValue.status : (set.status ?? 200);
      const { arrival } = set as Arriving;
      if (!arrival) return;
      const answered = {
        requestId: arrival.requestId,
        method: request.method,
        route: route || "unmatched",
        status: Number(status),
        seconds: (performance.now() - arrival.startedAt) / 1000,
        ...(arrival.span && { traceId: arrival.span.traceId }),
      };
      arrival.span?.end(answered);
      observe(answered, arrival.span);
      onAnswered(answered);
    })
    .onError({ as: "global" }, ({ error: thrown, code, request, path, set }): Response => {
      const error = storageFailureOf(thrown) ?? thrown;
      if (error instanceof StorageFailure) durability.notice(error);
      const { requestId = "" } = (set as Arriving).arrival ?? {};
      if (code !== "NOT_FOUND" && !(error instanceof AppError)) onDefect(error, { method: request.method, requestId });
      const response =
        code === "NOT_FOUND"
          ? notFound(app.routes, { method: request.method, path, requestId })
          : problemResponse(error, requestId);
      // What the metrics tell of this request.
      set.status = response.status;
      return response;
    })
    .use(
      openapi({
        provider: null,
        specPath: "/openapi.json",
        exclude: { paths: ["/", /^\/(docs|page)/] },
        documentation: {
          openapi: "3.1.0",
          info: {
            title: "Churnwatch",
            version: "0.1.0",
            description: "Predicts churn, and knows when to stop believing the prediction.",
          },
          components: { securitySchemes: { key: { type: "http", scheme: "bearer" } } },
          ...(!access.isOpen && { security: [{ key: [] }] }),
        },
      }),
    )
    .use(predictionRoutes({ service: predictions, lanes, authorize, onRejected }))
    .use(feedbackRoutes({ service: feedback, lanes, authorize }))
    .use(modelRoutes({ registry, serving, audit, now, authorize }))
    .use(
      monitoringRoutes({
        results,
        readHistory: historyOf,
        distributions,
        evidence: () => monitors.evidence,
        silentSince: () => monitors.silentSince,
        scenario,
        events,
        audit,
        now,
        authorize,
        stopping,
      }),
    )
    .use(erasureRoutes({ erasure: options.erasure, authorize }))
    .use(auditRoutes({ audit, authorize }))
    .use(healthRoutes(whyNotReady))
    .get(
      "/metrics",
      async function exposeMetrics({ request }) {
        const { contentType, body } = await metrics.expose(request.headers.get("accept"));
        return new Response(body, { headers: { "content-type": contentType } });
      },
      { detail: describe({ summary: "Metrics for Prometheus", tag: "service", answerType: "text/plain" }) },
    )
    .use(docsRoutes())
    .use(pageRoutes({ ...options.page, registry, serving, rejections, answered, now, authorize }));

  return app;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
