import { openSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface Process {
  /** All that it wrote so far. */
  output(): string;
  hasExited(): boolean;
  stop(): Promise<number>;
}

/** Starts a program whose output goes to a file of the folder. */
export function startProcess(
  folder: string,
  name: string,
  command: string[],
  environment: Record<string, string> = {},
): Process {
  const file = join(folder, `${name}.log`);
  const log = openSync(file, "a");
  const child = Bun.spawn(command, {
    stdin: "ignore",
    stdout: log,
    stderr: log,
    env: { ...process.env, ...environment },
  });
  return {
    output: () => readFileSync(file, "utf8"),
    hasExited: () => child.exitCode !== null,
    async stop() {
      child.kill("SIGTERM");
      return child.exited;
    },
  };
}

/** A port of loopback that nobody listens on at this moment. */
export function freePort(): number {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const { port } = listener;
  listener.stop(true);
  return port;
}

/**
 * Asks again and again until there is an answer.
 * @throws Error with the last failure when there is none in time.
 */
export async function until<T>(what: string, ask: () => Promise<T | null | undefined>, seconds = 60): Promise<T> {
  const end = performance.now() + 1000 * seconds;
  let last: unknown = "no answer";
  while (performance.now() < end) {
    try {
      const answer = await ask();
      if (answer !== null && answer !== undefined) return answer;
    } catch (error) {
      last = error;
    }
    await Bun.sleep(250);
  }
  throw new Error(`waited ${seconds} s in vain for ${what}: ${last}`);
}
