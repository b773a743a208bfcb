import { AppError } from "../errors.ts";
import type { Evaluation } from "./evaluate.ts";
import type { Look } from "./look.ts";
import type { LookAnswer, LookRequest, WorkerSettings } from "./look-worker.ts";

const timeout = 120_000;

/**
 * Looks in another thread, so that no request waits for it; one look at a time. A thread that fails or does not answer is
 * replaced at the next look.
 */
export function createLookThread(settings: WorkerSettings): { look: Look; close(): void } {
  let worker: Worker | null = null;
  let settle: ((answer: LookAnswer) => void) | null = null;

  function start(): Worker {
    const started = new Worker(new URL("./look-worker.ts", import.meta.url).href);
    started.onmessage = ({ data }: MessageEvent<LookAnswer>) => settle?.(data);
    started.onerror = ({ message }) => settle?.({ error: message });
    started.addEventListener("close", () => {
      if (worker === started) settle?.({ error: "it ended" });
    });
    started.postMessage({ open: settings } satisfies LookRequest);
    return started;
  }
  function close(): void {
    const ended = worker;
    worker = null;
    ended?.terminate();
  }

  return {
    async look(version, circumstances): Promise<Evaluation> {
      worker ??= start();
      const { promise, resolve } = Promise.withResolvers<LookAnswer>();
      settle = resolve;
      const timer = setTimeout(() => resolve({ error: `no answer within ${timeout / 1000} s` }), timeout);
      worker.postMessage({ look: { version, circumstances } } satisfies LookRequest);
      const answer = await promise;
      clearTimeout(timer);
      settle = null;
      if ("evaluation" in answer) return answer.evaluation;
      close();
      throw new AppError("unavailable", `the monitors' thread failed: ${answer.error}`);
    },
    close,
  };
}
