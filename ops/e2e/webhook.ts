/** What Alertmanager sends to a webhook (version 4). */
export interface Notification {
  status: "firing" | "resolved";
  receiver: string;
  groupLabels: Record<string, string>;
  alerts: {
    status: string;
    labels: Record<string, string>;
    annotations: Record<string, string>;
    /** RFC 3339 */
    startsAt: string;
  }[];
}

/** Something that is told of alerts, and keeps by path what it was told. */
export function startWebhook() {
  const told: { path: string; notification: Notification }[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      told.push({ path: new URL(request.url).pathname, notification: (await request.json()) as Notification });
      return new Response();
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    told,
    stop: () => server.stop(true),
  };
}
