import { startPatience } from "./patience.ts";
import type { ScoringAnswer, ScoringQuestion } from "./scoring-worker.ts";
import { openSession, type Session } from "./session.ts";

// To another thread and back takes about as long as scoring this many rows does.
const few = 4;

export interface ScoringThreadOptions {
  /** Told why a thread was given up. */
  onFailure(reason: string): void;
  /** Milliseconds within which a thread must answer. */
  timeout?: number;
}

/**
 * Loads an ONNX model as {@link openSession} does, and scores batches in a thread of its own, so that requests are read and
 * predictions stored meanwhile. A few rows are scored where they are asked for, and so is what a thread leaves that ends or
 * does not answer; the next batch gets another thread.
 * @throws AppError `unavailable` when the file cannot be read as such a model.
 */
export async function openThreadedSession(
  onnx: Uint8Array,
  featureCount: number,
  { onFailure, timeout = 5000 }: ScoringThreadOptions,
): Promise<Session> {
  const own = await openSession(onnx, featureCount);
  const waiting = new Map<number, (answer: ScoringAnswer) => void>();
  let worker: Worker | null = start();
  let lastId = 0;

  function start(): Worker {
    const started = new Worker(new URL("./scoring-worker.ts", import.meta.url).href);
    started.onmessage = ({ data }: MessageEvent<ScoringAnswer>) => waiting.get(data.id)?.(data);
    started.onerror = ({ message }) => giveUp(started, message);
    started.addEventListener("close", () => giveUp(started, "it ended"));
    started.postMessage({ onnx, featureCount } satisfies ScoringQuestion);
    return started;
  }

  function giveUp(failed: Worker, reason: string): void {
    if (worker !== failed) return;
    worker = null;
    failed.terminate();
    onFailure(reason);
    for (const [id, settle] of waiting) settle({ id, probabilities: null });
  }

  async function ask(features: Float32Array, rows: number): Promise<Float32Array | null> {
    worker ??= start();
    const asked = worker;
    const id = ++lastId;
    const { promise, resolve } = Promise.withResolvers<ScoringAnswer>();
    waiting.set(id, resolve);
    const patience = startPatience(timeout, () => giveUp(asked, `no answer within ${timeout / 1000} s`));
    asked.postMessage({ id, features, rows } satisfies ScoringQuestion);
    const { probabilities } = await promise;
    patience.stop();
    waiting.delete(id);
    return probabilities;
  }

  async function score(features: Float32Array, rows: number): Promise<Float32Array> {
    return (rows > few ? await ask(features, rows) : null) ?? own.score(features, rows);
  }
  const running = new Set<Promise<unknown>>();

  return {
    featureCount,
    async score(features, rows) {
      const run = score(features, rows);
      running.add(run);
      try {
        return await run;
      } finally {
        running.delete(run);
      }
    },
    async release() {
      await Promise.allSettled(running);
      const ended = worker;
      worker = null;
      ended?.terminate();
      await own.release();
    },
  };
}
