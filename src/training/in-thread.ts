/**
 * What a worker answers to one question, its thread being this one's helper for so long; should the thread end early or fail,
 * `otherwise` answers here.
 * @param worker a module that posts one message for the one that it gets
 */
export async function inThread<Question, Answer>(
  worker: URL,
  question: Question,
  otherwise: (question: Question) => Answer | Promise<Answer>,
): Promise<Answer> {
  const thread = new Worker(worker.href);
  const { promise, resolve } = Promise.withResolvers<{ answer: Answer } | null>();
  thread.onmessage = ({ data }: MessageEvent<Answer>) => resolve({ answer: data });
  thread.onerror = () => resolve(null);
  thread.addEventListener("close", () => resolve(null));
  thread.postMessage(question);
  const answered = await promise;
  thread.terminate();
  return answered ? answered.answer : otherwise(question);
}
