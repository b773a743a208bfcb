import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Process, startProcess, until } from "./processes.ts";

export interface Finished {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** Runs a command to its end. */
export async function run(command: string[], surroundings: Surroundings = {}): Promise<Finished> {
  const child = Bun.spawn(command, { stdin: "ignore", ...surroundings, stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { exitCode, stdout, stderr };
}

/** Where a command runs. */
export interface Surroundings {
  cwd?: string;
  env?: Record<string, string | undefined>;
}

export interface Engine {
  folder: string;
  /** The environment in which `docker` finds it. */
  environment: Record<string, string>;
  /** Runs a command in its network, where the ports that it publishes are. */
  inNetwork(...command: string[]): Promise<Finished>;
  stop(): Promise<void>;
}

/** A container engine of a test's own, with folders and a network of its own, or why none can run here. */
export async function startEngine(): Promise<Engine | { reason: string }> {
  for (const program of ["dockerd", "docker", "busybox", "unshare", "nsenter", "ip", "curl"])
    if (!Bun.which(program)) return { reason: `${program} is not installed` };
  if (process.getuid?.() !== 0) return { reason: "it needs root" };
  const folder = mkdtempSync(join(tmpdir(), "churnwatch-engine-"));
  const socket = join(folder, "docker.sock");
  const pidFile = join(folder, "pid");
  const command = `ip link set lo up && exec dockerd --data-root ${folder}/data --exec-root ${folder}/exec --pidfile ${pidFile} -H unix://${socket}`;
  const daemon: Process = startProcess(folder, "dockerd", ["unshare", "--net", "sh", "-c", command]);
  const environment = {
    PATH: process.env.PATH ?? "",
    HOME: folder,
    DOCKER_HOST: `unix://${socket}`,
    DOCKER_BUILDKIT: "0",
  };
  const stop = async () => {
    if (!daemon.hasExited()) await daemon.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await until(
      "dockerd",
      async () => {
        if (daemon.hasExited()) return "ended";
        if (!existsSync(socket)) return null;
        return (await run(["docker", "version"], { env: environment })).exitCode === 0 ? "ready" : null;
      },
      30,
    );
  } catch (error) {
    await stop();
    return { reason: `dockerd does not answer: ${error}` };
  }
  if (daemon.hasExited()) {
    const reason = `dockerd ended: ${daemon.output().trim().split("\n").at(-1)}`;
    await stop();
    return { reason };
  }
  const pid = readFileSync(pidFile, "utf8").trim();
  return {
    folder,
    environment,
    inNetwork: (...words) => run(["nsenter", "--target", pid, "--net", ...words]),
    stop,
  };
}
