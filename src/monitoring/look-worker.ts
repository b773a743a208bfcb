import { messageOf } from "../errors.ts";
import { createRegistry } from "../models/registry.ts";
import { createRandom } from "../statistics/random.ts";
import { openReader } from "../storage/database.ts";
import { createModelStore } from "../storage/models.ts";
import { createMonitoredStore } from "../storage/monitored.ts";
import type { Circumstances, Evaluation } from "./evaluate.ts";
import { createLook, type Look } from "./look.ts";

declare const self: Worker;

export interface WorkerSettings {
  databaseFile: string;
  modelsFolder: string;
  windowSize: number;
  seed: number;
}

export type LookRequest = { open: WorkerSettings } | { look: { version: string; circumstances: Circumstances } };
export type LookAnswer = { evaluation: Evaluation } | { error: string };

let look: Look | null = null;

function open({ databaseFile, modelsFolder, windowSize, seed }: WorkerSettings): void {
  const database = openReader(databaseFile);
  const registry = createRegistry({
    directory: modelsFolder,
    store: createModelStore(database),
    now: () => {
      throw new Error("nothing is registered from here");
    },
  });
  look = createLook({
    monitored: createMonitoredStore(database),
    readManifest: registry.readManifest,
    windowSize,
    random: createRandom(seed),
  });
}

/** Looks at windows in a thread of its own, with a connection of its own that only reads. */
self.onmessage = async ({ data }: MessageEvent<LookRequest>) => {
  try {
    if ("open" in data) open(data.open);
    else if (look) {
      const { version, circumstances } = data.look;
      self.postMessage({ evaluation: await look(version, circumstances) } satisfies LookAnswer);
    }
  } catch (error) {
    self.postMessage({ error: messageOf(error) } satisfies LookAnswer);
  }
};
