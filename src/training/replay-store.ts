import type { Dataset } from "../data/ingest.ts";
import type { ReplayStore } from "../storage/replay.ts";

const replayLimit = 200_000;

/** Keeps held-out customers for the replay of a version. */
export async function storeReplay(store: ReplayStore, version: string, dataset: Dataset): Promise<void> {
  let position = 0;
  for await (const batch of dataset.replayCustomers(replayLimit)) {
    const rows = batch.map(({ customer, churned }) => ({
      position: position++,
      customer: JSON.stringify(customer),
      churned: churned ? 1 : 0,
    }));
    store.append(version, rows);
  }
}
