import { createAuditStore } from "./audit.ts";
import { type Database, openDatabase } from "./database.ts";
import { createLabelStore } from "./labels.ts";
import { createModelStore } from "./models.ts";
import { createMonitorResultStore } from "./monitor-results.ts";
import { createPredictionStore } from "./predictions.ts";
import { createReplayStore } from "./replay.ts";
import { createStateStore } from "./state.ts";
import { createSumsStore } from "./sums.ts";

/** Opens the database file and every store in it. */
export function openStores(path: string) {
  const database: Database = openDatabase(path);
  const audit = createAuditStore(database);
  return {
    database,
    audit,
    predictions: createPredictionStore(database),
    labels: createLabelStore(database),
    models: createModelStore(database, audit),
    replay: createReplayStore(database),
    state: createStateStore(database),
    results: createMonitorResultStore(database),
    sums: createSumsStore(database),
    close: () => database.close(),
  };
}
