import { AppError, messageOf } from "../errors.ts";
import { createThread } from "../models/thread.ts";
import type { Random } from "../statistics/random.ts";
import type { Batch, PredictedBatch, PredictorTasks } from "./predictor.ts";
import type { PredictorSettings } from "./predictor-worker.ts";

// A disk may take its time.
const timeout = 30_000;
const patienceAtEnd = 1000;

export interface PredictionThreadOptions {
  databaseFile: string;
  modelsFolder: string;
  random: Random;
  onFailure(reason: string): void;
  /** Milliseconds within which a thread must answer. */
  timeout?: number;
}

export type PredictionThread = ReturnType<typeof createPredictionThread>;

/** The thread that scores customers and stores their predictions, so that requests are read and answered meanwhile. */
export function createPredictionThread(options: PredictionThreadOptions) {
  const { databaseFile, modelsFolder, random, onFailure } = options;
  const thread = createThread<PredictorTasks>({
    module: new URL("./predictor-worker.ts", import.meta.url),
    name: "the thread that predicts",
    settings: (): PredictorSettings => ({
      databaseFile,
      modelsFolder,
      seed: random.integer(2 ** 32),
    }),
    timeout: options.timeout ?? timeout,
    onFailure,
  });

  return {
    /** Makes a version ready beside those that are; a thread in the place of this one loads what it is asked for. @throws AppError `unavailable` */
    async load(version: string): Promise<void> {
      try {
        await thread.ask("load", version);
      } catch (error) {
        throw new AppError("unavailable", messageOf(error), { cause: error });
      }
    },
    /** Lets a version go once what was asked of it before is done. */
    release: (version: string): Promise<void> =>
      thread.ask("release", version).catch((error: unknown) => {
        // A thread that has ended has let go of all.
        if (!(error instanceof AppError)) throw error;
      }),
    /**
     * @returns predictions that are on the disk.
     * @throws what SQLite or the disk refused, with its code.
     * @throws AppError `unavailable` when the thread ended or did not answer; they may be stored.
     */
    predict: (batch: Batch): Promise<PredictedBatch> =>
      thread.ask("predict", batch).catch((error: unknown) => {
        if (!(error instanceof AppError)) throw error;
        throw new AppError("unavailable", `${error.message}; it may be stored: ask again`, { cause: error });
      }),
    /** Ends the thread, in order when it can. */
    async close(): Promise<void> {
      await Promise.race([thread.ask("close").catch(() => undefined), Bun.sleep(patienceAtEnd)]);
      thread.close();
    },
  };
}
