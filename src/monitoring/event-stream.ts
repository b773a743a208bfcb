import type { Events, ServiceEvent } from "./events.ts";

/** What happens from now on as server-sent events, with a heartbeat every 15 s, until it is `ended` or nobody reads on. */
export function eventStream(events: Events, ended: AbortSignal): ReadableStream<Uint8Array> {
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
