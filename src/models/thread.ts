import { AppError, messageOf } from "../errors.ts";
import { startPatience } from "./patience.ts";

type Parameters<Task> = Task extends (...parameters: infer P) => unknown ? P : never;
type Result<Task> = Task extends (...parameters: never[]) => Promise<infer R> ? R : never;

interface Question {
  id: number;
  task: PropertyKey;
  parameters: unknown[];
}
/** Beside the message of an error, what it has that can be sent. */
type Answer = { id: number; result: unknown } | { id: number; error: string; code?: unknown; failedSync?: boolean };

export interface ThreadOptions {
  /** A module that calls {@link answerQuestions}. */
  module: URL;
  /** What it is called in errors, such as "the monitors' thread". */
  name: string;
  /** What a thread is told when it starts. */
  settings(): unknown;
  /** Milliseconds within which it must answer. */
  timeout: number;
  /** Told why a thread was given up. */
  onFailure(reason: string): void;
}

/** A thread of its own that does `Tasks`: what can be asked of it, by name. */
export interface Thread<Tasks> {
  /**
   * @throws what the task threw: an error with its message and code.
   * @throws AppError `unavailable` when the thread ended, did not answer in time, or is closed; it may have done what it was asked.
   */
  ask<Name extends keyof Tasks>(task: Name, ...parameters: Parameters<Tasks[Name]>): Promise<Result<Tasks[Name]>>;
  /** Ends the thread; what it was asked and has not answered fails. */
  close(): void;
}

/** Asks work of another thread, so that no request waits for it. One that dies or does not answer is replaced at the next question. */
export function createThread<Tasks>({ module, name, settings, timeout, onFailure }: ThreadOptions): Thread<Tasks> {
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let worker: Worker | null = null;
  let isClosed = false;
  let lastId = 0;
  const failed = (reason: string) => new AppError("unavailable", `${name} failed: ${reason}`);

  function end(reason: string): void {
    const ended = worker;
    worker = null;
    ended?.terminate();
    for (const { reject } of waiting.values()) reject(failed(reason));
  }
  function giveUp(given: Worker, reason: string): void {
    if (worker !== given) return;
    onFailure(reason);
    end(reason);
  }
  function start(): Worker {
    const started = new Worker(module.href);
    started.onmessage = ({ data }: MessageEvent<Answer>) => {
      const asked = waiting.get(data.id);
      if (!("error" in data)) return asked?.resolve(data.result);
      const { error, ...told } = data;
      asked?.reject(Object.assign(new Error(error), told));
    };
    started.onerror = ({ message }) => giveUp(started, message);
    started.addEventListener("close", () => giveUp(started, "it ended"));
    started.postMessage({ settings: settings() });
    return started;
  }

  return {
    async ask(task, ...parameters) {
      if (isClosed) throw failed("the service stops");
      worker ??= start();
      const asked = worker;
      const id = ++lastId;
      const answer = Promise.withResolvers<unknown>();
      waiting.set(id, answer);
      const patience = startPatience(timeout, () => giveUp(asked, `no answer within ${timeout / 1000} s`));
      asked.postMessage({ id, task, parameters } satisfies Question);
      try {
        return (await answer.promise) as Result<Tasks[typeof task]>;
      } finally {
        patience.stop();
        waiting.delete(id);
      }
    },
    close() {
      isClosed = true;
      end("the service stops");
    },
  };
}

/**
 * Answers in a thread what {@link createThread} asks.
 * @param scope the thread's own `self`
 * @param open makes the tasks of the settings; when it throws, so does the task that was asked, and the next one opens again
 */
export function answerQuestions<Settings, Tasks extends object>(
  scope: Worker,
  open: (settings: Settings) => Tasks | Promise<Tasks>,
): void {
  let settings: Settings;
  let tasks: Promise<Tasks> | null = null;
  const opened = (): Promise<Tasks> => {
    tasks ??= (async () => open(settings))().catch((error: unknown) => {
      tasks = null;
      throw error;
    });
    return tasks;
  };
  scope.onmessage = async ({ data }: MessageEvent<{ settings: Settings } | Question>) => {
    if ("settings" in data) {
      settings = data.settings;
      return;
    }
    const { id, task, parameters } = data;
    try {
      const work = (await opened())[task as keyof Tasks] as (...parameters: unknown[]) => Promise<unknown>;
      scope.postMessage({ id, result: await work(...parameters) } satisfies Answer);
    } catch (error) {
      const { code, failedSync } = error as { code?: unknown; failedSync?: boolean };
      scope.postMessage({ id, error: messageOf(error), code, ...(failedSync && { failedSync }) } satisfies Answer);
    }
  };
}
