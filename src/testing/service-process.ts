import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Folder {
  path: string;
  remove(): void;
}

/** A folder of a test's own. */
export function temporaryFolder(): Folder {
  const path = mkdtempSync(join(tmpdir(), "churnwatch-test-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

const source = join(import.meta.dir, "..");

export interface Finished {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a command of this project, given by its file under src/, to its end. */
export async function runCommandFile(
  file: string,
  options: string[],
  environment: Record<string, string>,
): Promise<Finished> {
  const child = Bun.spawn([process.execPath, join(source, file), ...options], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    env: { PATH: process.env.PATH ?? "", ORT_DISABLE_TELEMETRY: "1", ...environment },
  });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, stdout, stderr };
}

/** Starts a command of this project, given by its file under src/, whose output nobody reads. */
export function startCommandFile(file: string, options: string[], environment: Record<string, string>) {
  return Bun.spawn([process.execPath, join(source, file), ...options], {
    stdio: ["ignore", "ignore", "ignore"],
    env: { PATH: process.env.PATH ?? "", ORT_DISABLE_TELEMETRY: "1", ...environment },
  });
}

/** A data directory with a small model that serves. */
export async function trainSmallModel(dataDirectory: string, rows = 4000): Promise<void> {
  const sample = join(dataDirectory, "raw", "sample.csv");
  const environment = { DATA_DIR: dataDirectory };
  for (const [file, options] of [
    ["data/sample.ts", ["--rows", String(rows)]],
    ["training/train.ts", ["--data", sample, "--rounds", "30"]],
  ] as const) {
    const { code, stderr } = await runCommandFile(file, [...options], environment);
    if (code !== 0) throw new Error(`${file} failed: ${stderr}`);
  }
}

export interface RunningService {
  url: string;
  process: Bun.Subprocess<"ignore", "pipe", "pipe">;
  /** Ends it with a signal and waits for its end. @returns the exit code. */
  end(signal: "SIGINT" | "SIGTERM" | "SIGKILL"): Promise<number>;
}

/** Starts the service as a process of its own on a free port. */
export async function startProcess(environment: Record<string, string>): Promise<RunningService> {
  const child = Bun.spawn([process.execPath, join(source, "main.ts")], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    env: { PATH: process.env.PATH ?? "", PORT: "0", LOG_LEVEL: "warn", ...environment },
  });
  let output = "";
  for await (const chunk of child.stdout) {
    output += new TextDecoder().decode(chunk);
    const url = output.match(/serves at (http:\/\/\S+)/)?.[1];
    if (url) {
      return {
        url,
        process: child,
        async end(signal) {
          child.kill(signal);
          return child.exited;
        },
      };
    }
  }
  throw new Error(`the service did not start: ${await new Response(child.stderr).text()}`);
}

/** Asks again every 50 ms until the answer is defined. @throws after `timeout` milliseconds. */
export async function poll<T>(ask: () => Promise<T | undefined> | T | undefined, timeout = 20_000): Promise<T> {
  const end = performance.now() + timeout;
  while (performance.now() < end) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await Bun.sleep(50);
  }
  throw new Error(`no answer within ${timeout} ms`);
}
