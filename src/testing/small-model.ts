import { join } from "node:path";
import { createRegistry, type LoadedModel } from "../models/registry.ts";
import { openStores } from "../storage/stores.ts";
import { trainSmallModel } from "./service-process.ts";

/** Trains a small model that serves in a data directory. @returns it, loaded */
export async function loadSmallModel(dataDirectory: string, rows?: number): Promise<LoadedModel> {
  await trainSmallModel(dataDirectory, rows);
  const stores = openStores(join(dataDirectory, "service.db"));
  try {
    const registry = createRegistry({ directory: join(dataDirectory, "models"), store: stores.models, now: () => 0 });
    return await registry.load(registry.currentUse()?.version as string);
  } finally {
    stores.close();
  }
}
