import type { Instruments } from "../metrics.ts";
import type { RequestSpan } from "../tracing/start.ts";

export interface AnsweredRequest {
  requestId: string;
  method: string;
  /** The template of the route, or `unmatched`. */
  route: string;
  status: number;
  seconds: number;
  /** Of its trace, when there are traces. */
  traceId?: string;
}

/** Measures how long requests take; a sampled trace becomes an exemplar. */
export function createRequestMetrics({ httpRequestDuration }: Pick<Instruments, "httpRequestDuration">) {
  // Looking up a series by its labels for every request would cost more than counting it.
  const durations = new Map<string, { observe(seconds: number): void }>();

  return function observe({ method, route, status, seconds }: AnsweredRequest, span: RequestSpan | undefined): void {
    if (span?.isSampled) {
      httpRequestDuration.observe({
        labels: { method, route, status },
        value: seconds,
        // The library's types know no labels but the metric's.
        exemplarLabels: { trace_id: span.traceId } as object,
      });
      return;
    }
    const series = `${method} ${route} ${status}`;
    let child = durations.get(series);
    if (!child) {
      child = httpRequestDuration.labels({ method, route, status: String(status) });
      durations.set(series, child);
    }
    child.observe(seconds);
  };
}
