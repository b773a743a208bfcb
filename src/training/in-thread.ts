import { basename } from "node:path";
import { startPatience } from "../models/patience.ts";

export interface InThreadOptions<Question, Answer> {
  /** Answers on this thread, should the other not. */
  otherwise: (question: Question) => Answer | Promise<Answer>;
  /** Told in one line why the other thread did not. */
  onWarning: (warning: string) => void;
  /** Milliseconds of silence after which an answer is no longer waited for. */
  patience?: number;
}

/** The runtime tells of an exception in a thread as it prints it: beside a piece of the source and the stack. */
const exceptionIn = (message: string): string => message.match(/^\w*error: .*$/im)?.[0] ?? message;

/** What a thread is asked here takes seconds; to ask again costs time only, for the answer is the same. */
const defaultPatience = 120_000;

/**
 * What a worker answers to one question, its thread being this one's helper for so long; should the thread fail, end or stay
 * silent, `otherwise` answers here.
 * @param worker a module that posts one message for the one that it gets
 * @throws what `otherwise` throws
 */
export async function inThread<Question, Answer>(
  worker: URL,
  question: Question,
  { otherwise, onWarning, patience = defaultPatience }: InThreadOptions<Question, Answer>,
): Promise<Answer> {
  const thread = new Worker(worker.href);
  const { promise, resolve } = Promise.withResolvers<{ answer: Answer } | { failure: string }>();
  const waiting = startPatience(patience, () => resolve({ failure: `has not answered for ${patience / 1000} s` }));
  thread.onmessage = ({ data }: MessageEvent<Answer>) => resolve({ answer: data });
  thread.onerror = ({ message }) => resolve({ failure: `failed (${exceptionIn(message)})` });
  thread.addEventListener("close", () => resolve({ failure: "ended" }));
  thread.postMessage(question);
  const outcome = await promise;
  waiting.stop();
  thread.terminate();
  if ("answer" in outcome) return outcome.answer;
  onWarning(`the thread of ${basename(worker.pathname)} ${outcome.failure}: its work is done on the main thread`);
  return otherwise(question);
}
