import type { RejectionReason } from "../errors.ts";

const second = 1000;
const kept = 24 * 3600 * second;

/** Refused requests of some time. */
export interface Refused {
  count: number;
  /** The commonest; null without any. */
  reason: RejectionReason | null;
  reasons: ReadonlyMap<RejectionReason, number>;
}

export const nothingRefused: Refused = { count: 0, reason: null, reasons: new Map() };

/** Counts refused requests by the second and reason, for a day. */
export function createRefusals(now: () => number) {
  const counts = new Map<number, Map<RejectionReason, number>>();
  return {
    add(reason: RejectionReason): void {
      const time = now();
      const at = Math.floor(time / second) * second;
      let own = counts.get(at);
      if (!own) {
        for (const old of counts.keys()) if (old < time - kept) counts.delete(old);
        own = new Map();
        counts.set(at, own);
      }
      own.set(reason, (own.get(reason) ?? 0) + 1);
    },
    /** Those since a time (milliseconds since the epoch), to the second. */
    since(time: number): Refused {
      const sums = new Map<RejectionReason, number>();
      for (const [at, own] of counts) {
        if (at + second <= time) continue;
        for (const [reason, count] of own) sums.set(reason, (sums.get(reason) ?? 0) + count);
      }
      const [most] = [...sums].sort(([, a], [, b]) => b - a);
      const count = [...sums.values()].reduce((sum, own) => sum + own, 0);
      return { count, reason: most?.[0] ?? null, reasons: sums };
    },
  };
}

export type Refusals = ReturnType<typeof createRefusals>;
