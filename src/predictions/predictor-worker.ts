import { fdatasyncSync, openSync } from "node:fs";
import { createRegistry } from "../models/registry.ts";
import { answerQuestions } from "../models/thread.ts";
import { createRandom } from "../statistics/random.ts";
import { createAuditStore } from "../storage/audit.ts";
import { openWriter } from "../storage/database.ts";
import { createModelStore } from "../storage/models.ts";
import { createPredictor } from "./predictor.ts";

declare const self: Worker;

export interface PredictorSettings {
  databaseFile: string;
  modelsFolder: string;
  seed: number;
}

answerQuestions(self, ({ databaseFile, modelsFolder, seed }: PredictorSettings) => {
  const database = openWriter(databaseFile);
  const log = openSync(`${databaseFile}-wal`, "r+");
  const registry = createRegistry({
    directory: modelsFolder,
    store: createModelStore(database, createAuditStore(database)),
    now: () => {
      throw new Error("nothing is registered from here");
    },
  });
  return createPredictor({
    database,
    load: registry.load,
    sync() {
      try {
        fdatasyncSync(log);
      } catch (error) {
        throw Object.assign(error as Error, { failedSync: true });
      }
    },
    random: createRandom(seed),
  });
});
