/** A request as traces see it, from its arrival to its answer. */
export interface RequestSpan {
  /** Of the trace that the request belongs to. */
  traceId: string;
  /** Whether the trace is kept, and so can be looked up. */
  isSampled: boolean;
  end(answer: { route: string; status: number }): void;
}

export interface Tracing {
  begin(request: Request, requestId: string): RequestSpan;
  /** Sends what waits, for two seconds at most, and ends. */
  stop(): Promise<void>;
}

/**
 * Traces of requests by OTLP over HTTP, or null without an endpoint: then nothing of it is loaded.
 * @param endpoint where the collector listens, without `/v1/traces`
 * @param onFailure told when spans could not be sent; serving goes on
 */
export async function startTracing(endpoint: string, onFailure: (reason: string) => void): Promise<Tracing | null> {
  if (endpoint === "") return null;
  const { createTracing } = await import("./otlp.ts");
  return createTracing(endpoint, onFailure);
}
