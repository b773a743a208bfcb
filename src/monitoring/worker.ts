import { createRegistry } from "../models/registry.ts";
import { answerQuestions } from "../models/thread.ts";
import { createRandom } from "../statistics/random.ts";
import { createAuditStore } from "../storage/audit.ts";
import { openReader } from "../storage/database.ts";
import { createModelStore } from "../storage/models.ts";
import { createMonitoredStore } from "../storage/monitored.ts";
import { createSumsStore, type SumsProgress } from "../storage/sums.ts";
import { type Collected, createCollector } from "./collect.ts";
import type { Circumstances, Evaluation } from "./evaluate.ts";
import { createHistory, type HistoryRequest, type SpanResults } from "./history.ts";
import { createLook } from "./look.ts";

declare const self: Worker;

export interface WorkerSettings {
  databaseFile: string;
  modelsFolder: string;
  windowSize: number;
  seed: number;
}

/** What the thread can be asked, by name: parameters and answer. */
export interface Tasks {
  look(version: string, circumstances: Circumstances): Promise<Evaluation>;
  collect(progress: SumsProgress): Promise<Collected>;
  history(version: string, request: HistoryRequest): Promise<SpanResults[]>;
}

function open({ databaseFile, modelsFolder, windowSize, seed }: WorkerSettings): Tasks {
  const database = openReader(databaseFile);
  const registry = createRegistry({
    directory: modelsFolder,
    store: createModelStore(database, createAuditStore(database)),
    now: () => {
      throw new Error("nothing is registered from here");
    },
  });
  const { readManifest, readExplanations } = registry;
  const monitored = createMonitoredStore(database);
  const sums = createSumsStore(database);
  const random = createRandom(seed);
  const collect = createCollector({ monitored, readManifest });
  let history: { version: string; read: ReturnType<typeof createHistory> } | null = null;
  return {
    look: createLook({ monitored, readManifest, readExplanations, windowSize, random }),
    collect: async (progress) => collect(progress),
    async history(version, request) {
      if (history?.version !== version)
        history = { version, read: createHistory(readManifest(version), sums, random.split()) };
      return history.read(request);
    },
  };
}

// Works for the monitors in a thread of its own, with a connection of its own that only reads.
answerQuestions(self, open);
