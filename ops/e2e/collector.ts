interface Export {
  resourceSpans: { scopeSpans: { spans: { traceId: string; name: string }[] }[] }[];
}

/** Something that traces are sent to by OTLP, and that keeps their spans. */
export function startCollector() {
  const spans: { traceId: string; name: string }[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const { resourceSpans } = (await request.json()) as Export;
      for (const { scopeSpans } of resourceSpans) spans.push(...scopeSpans.flatMap((scope) => scope.spans));
      return Response.json({});
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    spans,
    stop: () => server.stop(true),
  };
}
