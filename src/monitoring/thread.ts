import { AppError } from "../errors.ts";
import { startPatience } from "../models/patience.ts";
import { storageFailureOf } from "../storage/failure.ts";
import type { Answer, Question, Tasks, WorkerSettings } from "./worker.ts";

const timeout = 120_000;
const stopping = "the service stops";
const failed = (reason: string) => new AppError("unavailable", `the monitors' thread failed: ${reason}`);

export interface MonitoringThread extends Tasks {
  /** Ends the thread; what it was asked and has not answered fails. */
  close(): void;
}

/**
 * Asks the monitors' work of another thread, so that no request waits for it. A thread that dies or does not answer is replaced
 * at the next question.
 * @param onFailure told why a thread was given up
 */
export function createMonitoringThread(
  settings: WorkerSettings,
  onFailure: (reason: string) => void = () => {},
): MonitoringThread {
  const waiting = new Map<number, (answer: Answer) => void>();
  let worker: Worker | null = null;
  let isClosed = false;
  let lastId = 0;

  function failAll(reason: string): void {
    const ended = worker;
    worker = null;
    ended?.terminate();
    if (ended && !isClosed) onFailure(reason);
    for (const [id, settle] of waiting) settle({ id, error: reason });
  }
  function start(): Worker {
    const started = new Worker(new URL("./worker.ts", import.meta.url).href);
    started.onmessage = ({ data }: MessageEvent<Answer>) => waiting.get(data.id)?.(data);
    started.onerror = ({ message }) => failAll(message);
    started.addEventListener("close", () => {
      if (worker === started) failAll("it ended");
    });
    started.postMessage(settings);
    return started;
  }

  async function ask<Result>(task: keyof Tasks, parameters: unknown[]): Promise<Result> {
    if (isClosed) throw failed(stopping);
    worker ??= start();
    const id = ++lastId;
    const { promise, resolve } = Promise.withResolvers<Answer>();
    waiting.set(id, resolve);
    const patience = startPatience(timeout, () => failAll(`no answer within ${timeout / 1000} s`));
    worker.postMessage({ id, task, parameters } as Question);
    const answer = await promise;
    patience.stop();
    waiting.delete(id);
    if ("error" in answer)
      throw storageFailureOf(Object.assign(new Error(answer.error), answer)) ?? failed(answer.error);
    return answer.result as Result;
  }

  return {
    look: (...parameters) => ask("look", parameters),
    collect: (...parameters) => ask("collect", parameters),
    history: (...parameters) => ask("history", parameters),
    close() {
      isClosed = true;
      failAll(stopping);
    },
  };
}
