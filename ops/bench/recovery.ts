const every = 50;
const inARow = 10;
const patience = 30_000;

export interface RecoveryOptions {
  url: string;
  body: string;
  /** Milliseconds within which an answer counts. */
  quick: number;
}

/**
 * Milliseconds until a service serves whoever comes: until the first of ten clients in a row, of whom each one is answered by 200
 * within `quick`, has its answer. They come at fixed times, whatever became of those before: one alone that asks again after a
 * refusal, which is held back, would measure how long refusals are held. Infinity after 30 s.
 */
export async function recovery({ url, body, quick }: RecoveryOptions): Promise<number> {
  const started = performance.now();
  /** When each was answered; NaN for one that was not served so. */
  const answered: (number | undefined)[] = [];
  const asked: Promise<void>[] = [];

  async function ask(client: number): Promise<void> {
    const from = performance.now();
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });
    await response.text();
    const time = performance.now();
    answered[client] = response.status === 200 && time - from <= quick ? time - started : Number.NaN;
  }

  const firstOfRow = () =>
    answered.find((_, client) =>
      Array.from({ length: inARow }, (_, i) => answered[client + i]).every((time) => time !== undefined && time >= 0),
    );

  let first: number | undefined;
  while (first === undefined && performance.now() - started < patience) {
    asked.push(ask(asked.length));
    await Bun.sleep(every);
    first = firstOfRow();
  }
  await Promise.all(asked);
  return first ?? Number.POSITIVE_INFINITY;
}
