/** What a server must tell to be drained. */
export interface Drainable {
  readonly pendingRequests: number;
}

// Milliseconds. Within the grace period a balancer notices the readiness, and whoever keeps a connection is answered once more
// and told to close it.
const grace = 500;
const quiet = 100;
const step = 5;
const patience = 500;

const turn = () => new Promise((resolve) => setImmediate(resolve));

/**
 * Waits for the moment at which the server is best stopped: when requests have stopped coming, or, while they do not, when as
 * many as ever are being answered. What is being answered is answered to its end after a stop, but whoever has just connected
 * and was not read from yet is reset; and clients that ask again as soon as they are answered are then all waiting for answers.
 * At most a second. Whoever calls has begun to answer with `connection: close`.
 */
export async function drain(server: Drainable): Promise<void> {
  const started = performance.now();
  let lastSeen = started;
  let most = 0;
  while (performance.now() - started < grace) {
    await Bun.sleep(step);
    most = Math.max(most, server.pendingRequests);
    if (server.pendingRequests > 0) lastSeen = performance.now();
    else if (performance.now() - lastSeen > quiet) return;
  }
  while (server.pendingRequests < most && performance.now() - started < grace + patience) await turn();
}

/** Waits for work to end; when it has not ended after so many milliseconds, cuts it off and waits for what is left of it. */
export async function endWithin(work: Promise<unknown>, milliseconds: number, cut: () => unknown): Promise<void> {
  let cutting: unknown;
  const timer = setTimeout(() => {
    cutting = cut();
  }, milliseconds);
  try {
    await work;
    await cutting;
  } finally {
    clearTimeout(timer);
  }
}
