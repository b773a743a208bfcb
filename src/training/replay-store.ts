import type { Dataset } from "../data/ingest.ts";
import type { ReplayRow, ReplayStore } from "../storage/replay.ts";

const replayLimit = 200_000;
// Each append waits for the disk, and keeps other writers waiting for about 0.1 s.
const appendedRows = 10_000;

/** Keeps held-out customers for the replay of a version. */
export async function storeReplay(store: ReplayStore, version: string, dataset: Dataset): Promise<void> {
  let position = 0;
  let rows: ReplayRow[] = [];
  for await (const batch of dataset.replayCustomers(replayLimit)) {
    for (const { customer, churned } of batch)
      rows.push({ position: position++, customer: JSON.stringify(customer), churned: churned ? 1 : 0 });
    if (rows.length < appendedRows) continue;
    store.append(version, rows);
    rows = [];
  }
  if (rows.length > 0) store.append(version, rows);
}
