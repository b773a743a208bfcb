import { context, DiagLogLevel, defaultTextMapGetter, diag, SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { AlwaysOnSampler, BatchSpanProcessor, ParentBasedSampler, TracerProvider } from "@opentelemetry/sdk-trace";
import type { Tracing } from "./start.ts";

// Milliseconds that stopping waits: for requests whose end is not told yet, then for the collector.
const longestWait = 500;
const longestExport = 1500;

/** Spans of requests, sent in batches by OTLP; a caller's `traceparent` is their parent and decides whether they are kept. */
export function createTracing(endpoint: string, onFailure: (reason: string) => void): Tracing {
  const tell = (message: string): void => onFailure(message);
  diag.setLogger(
    { error: tell, warn: tell, info() {}, debug() {}, verbose() {} },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  const exporter = new OTLPTraceExporter({
    url: `${endpoint.replace(/\/+$/, "")}/v1/traces`,
    timeoutMillis: longestExport,
  });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ "service.name": "churnwatch" }),
    sampler: new ParentBasedSampler({ root: new AlwaysOnSampler() }),
    spanProcessors: [new BatchSpanProcessor({ exporter, scheduledDelayMillis: 1000 })],
  });
  const tracer = provider.getTracer("churnwatch");
  const propagator = new W3CTraceContextPropagator();
  const root = context.active();
  let open = 0;
  let onNoneOpen = (): void => {};

  return {
    begin(request, requestId) {
      const parent = propagator.extract(root, Object.fromEntries(request.headers), defaultTextMapGetter);
      const span = tracer.startSpan(
        request.method,
        {
          kind: SpanKind.SERVER,
          attributes: { "http.request.method": request.method, "churnwatch.request_id": requestId },
        },
        parent,
      );
      open++;
      return {
        traceId: span.spanContext().traceId,
        isSampled: span.isRecording(),
        end({ route, status }) {
          span.updateName(`${request.method} ${route}`);
          span.setAttribute("http.route", route);
          span.setAttribute("http.response.status_code", status);
          if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
          span.end();
          if (--open === 0) onNoneOpen();
        },
      };
    },
    async stop() {
      const noneOpen = new Promise<void>((resolve) => {
        onNoneOpen = resolve;
      });
      if (open > 0) await Promise.race([noneOpen, Bun.sleep(longestWait)]);
      const sent = provider.shutdown().catch((error: unknown) => onFailure(String(error)));
      await Promise.race([sent, Bun.sleep(longestExport)]);
      diag.disable();
    },
  };
}
