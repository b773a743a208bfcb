import { AppError, messageOf } from "../errors.ts";
import { createThread } from "../models/thread.ts";
import { storageFailureOf } from "../storage/failure.ts";
import type { Tasks, WorkerSettings } from "./worker.ts";

const timeout = 120_000;

export interface MonitoringThread extends Tasks {
  /** Ends the thread; what it was asked and has not answered fails. */
  close(): void;
}

/**
 * Asks the monitors' work of another thread, so that no request waits for it.
 * @param onFailure told why a thread was given up
 */
export function createMonitoringThread(
  settings: WorkerSettings,
  onFailure: (reason: string) => void = () => {},
): MonitoringThread {
  const name = "the monitors' thread";
  const module = new URL("./worker.ts", import.meta.url);
  const thread = createThread<Tasks>({ module, name, settings: () => settings, timeout, onFailure });
  const told = (error: unknown): never => {
    if (error instanceof AppError) throw error;
    throw (
      storageFailureOf(error) ?? new AppError("unavailable", `${name} failed: ${messageOf(error)}`, { cause: error })
    );
  };
  return {
    look: (...parameters) => thread.ask("look", ...parameters).catch(told),
    collect: (...parameters) => thread.ask("collect", ...parameters).catch(told),
    history: (...parameters) => thread.ask("history", ...parameters).catch(told),
    close: thread.close,
  };
}
