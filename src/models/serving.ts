import { AppError } from "../errors.ts";
import type { Explanations } from "./explanation.ts";
import type { Model, Registry } from "./registry.ts";

export type Serving = ReturnType<typeof createServing>;

export interface ServingOptions {
  registry: Pick<Registry, "currentUse" | "read" | "readExplanations" | "requireFiles">;
  /** Whatever predicts. */
  predictor: {
    /** Makes a version ready. @throws AppError `unavailable` when it cannot: then the one before goes on. */
    load(version: string): Promise<void>;
    release(version: string): Promise<void>;
  };
  onChange(model: Model): void;
}

/** The model that answers requests now, kept in step with the registry without a gap between two models. */
export function createServing({ registry, predictor, onChange }: ServingOptions) {
  let model: Model | null = null;
  let following: Promise<boolean> | null = null;

  async function swap(): Promise<boolean> {
    const version = registry.currentUse()?.version;
    if (!version) return false;
    if (version === model?.manifest.version) {
      registry.requireFiles(model.manifest);
      return false;
    }
    const next = registry.read(version);
    await predictor.load(version);
    const retired = model?.manifest.version;
    model = next;
    onChange(next);
    if (retired !== undefined) await predictor.release(retired);
    return true;
  }

  function loaded(): Model {
    if (!model) throw new AppError("unavailable", "no model is loaded yet: train one with bun run train");
    return model;
  }

  return {
    /** @throws AppError `unavailable` when no model is loaded. */
    get model(): Model {
      return loaded();
    },
    get isReady(): boolean {
      return model !== null;
    },
    /**
     * What explains the predictions of a version, the one that serves when none is named.
     * @throws AppError `unavailable` when it has no trees, or they are damaged.
     */
    explanations(version?: string): Explanations {
      const { manifest, explanations } = loaded();
      return version === undefined || version === manifest.version
        ? explanations()
        : registry.readExplanations(version);
    },
    /**
     * Loads the registry's current version when it is not the one that serves; a version that fails to load changes nothing.
     * @throws AppError `unavailable` when it fails to load, or when files of the one that serves are gone: it goes on serving, but
     *   would not after a restart.
     */
    follow(): Promise<boolean> {
      following ??= swap().finally(() => {
        following = null;
      });
      return following;
    },
  };
}
