import type { PredictionService } from "../predictions/service.ts";
import type { AuditLog } from "../storage/audit.ts";
import type { Checkpointer } from "../storage/checkpoint.ts";
import type { LabelStore } from "../storage/labels.ts";
import type { PredictionStore } from "../storage/predictions.ts";
import type { ReplayStore } from "../storage/replay.ts";

export interface ErasureOptions {
  predictions: PredictionStore;
  labels: LabelStore;
  replay: ReplayStore;
  service: Pick<PredictionService, "settled">;
  checkpointer: Pick<Checkpointer, "emptyLog">;
  audit: AuditLog;
  now: () => number;
}

export type Erasure = ReturnType<typeof createErasure>;

/**
 * Erases customers: predictions with their labels, the history of those and what was scheduled, labels that wait, and what the
 * replay plays. Sums and monitor results stay: they name nobody.
 */
export function createErasure({ predictions, labels, replay, service, checkpointer, audit, now }: ErasureOptions) {
  const erase = (userId: string): boolean =>
    [predictions.eraseUser(userId) > 0, labels.erasePendingOfUser(userId), replay.eraseUser(userId) > 0].includes(true);

  return {
    /** @returns whether anything was known of the customer, once it is gone from the disk, or will be with the next checkpoints. */
    async erase(userId: string, actor: string): Promise<boolean> {
      const entry = { at: now(), actor, action: "customer.erase", subject: "" } as const;
      const wasKnown = await audit.record(entry, () => erase(userId));
      // What was being predicted meanwhile, the replay's customers too, is stored by now.
      await service.settled();
      const wasUnderWay = erase(userId);
      await audit.sync();
      checkpointer.emptyLog();
      return wasKnown || wasUnderWay;
    },
  };
}
