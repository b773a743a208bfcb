import type { Durability } from "../src/storage/durability.ts";
import { StorageFailure } from "../src/storage/failure.ts";
import type { StateStore } from "../src/storage/state.ts";

export interface StorageProbeOptions {
  durability: Durability;
  state: StateStore;
  now: () => number;
}

/** While nothing can be stored, tries to store something small, so that the service is ready again without a request. */
export function createStorageProbe({ durability, state, now }: StorageProbeOptions) {
  return async function probeStorage(): Promise<void> {
    if (!durability.failure) return;
    try {
      await durability.commit(() => state.put("storage.probe", String(now())));
    } catch (error) {
      // Known, told and counted already.
      if (!(error instanceof StorageFailure)) throw error;
    }
  };
}
