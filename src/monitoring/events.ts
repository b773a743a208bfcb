import type { Severity } from "../storage/monitor-results.ts";

/** Something that people who watch want to know at once. */
export type ServiceEvent =
  | { type: "monitors"; data: { evaluated_at: string; rows: number; alarms: number } }
  | {
      type: "alarm";
      data: {
        monitor: string;
        metric: string;
        feature: string | null;
        severity: Severity;
        state: "raised" | "cleared";
        at: string;
      };
    }
  | { type: "model"; data: { version: string; at: string } }
  | { type: "scenario"; data: { scenario: string; since: string } };

export type Events = ReturnType<typeof createEvents>;

/** Tells listeners of this process what happened; nothing is kept for those who come later. */
export function createEvents() {
  const listeners = new Set<(event: ServiceEvent) => void>();
  return {
    publish(event: ServiceEvent): void {
      for (const listener of listeners) listener(event);
    },
    /** @returns a function that ends the subscription. */
    subscribe(listener: (event: ServiceEvent) => void): () => void {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
