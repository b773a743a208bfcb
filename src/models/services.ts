import type { PastUse } from "../storage/models.ts";

/** A time, in milliseconds since the epoch, during which a version served; `to` is null for the one that serves. */
export interface Service {
  version: string;
  from: number;
  to: number | null;
}

/**
 * When which version served: a version serves until the next is put to use, or until it is rolled back, when the one before serves
 * again.
 * @param uses oldest first
 */
export function servicesOf(uses: readonly PastUse[]): Service[] {
  const events = uses
    .flatMap((use, order) => [
      { at: use.usedAt, use, order, isBegin: true },
      ...(use.rolledBackAt === null ? [] : [{ at: use.rolledBackAt, use, order, isBegin: false }]),
    ])
    .sort((a, b) => a.at - b.at || a.order - b.order || Number(b.isBegin) - Number(a.isBegin));
  const services: Service[] = [];
  const inUse: PastUse[] = [];
  for (const { at, use, isBegin } of events) {
    if (isBegin) inUse.push(use);
    else inUse.splice(inUse.indexOf(use), 1);
    const version = inUse.at(-1)?.version;
    const last = services.at(-1);
    if (last?.to === null && last.version === version) continue;
    if (last?.to === null) last.to = at;
    if (version !== undefined) services.push({ version, from: at, to: null });
  }
  return services;
}
