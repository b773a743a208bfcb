import { join } from "node:path";
import { createRegistry, type LoadedModel } from "../models/registry.ts";
import { openStores } from "../storage/stores.ts";

/** The model that serves in a data directory. */
export async function loadServedModel(dataDirectory: string): Promise<LoadedModel> {
  const stores = openStores(join(dataDirectory, "service.db"));
  try {
    const registry = createRegistry({
      directory: join(dataDirectory, "models"),
      store: stores.models,
      now: () => 0,
    });
    return await registry.load(registry.currentUse()?.version as string);
  } finally {
    stores.close();
  }
}
