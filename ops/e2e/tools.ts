import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

const names = ["prometheus", "promtool", "prometheus-pushgateway", "prometheus-alertmanager", "amtool"] as const;

/** One set of the real programs, all of the same age. */
export interface Tools {
  version: string;
  path: Record<(typeof names)[number], string>;
}

const unpacked = join(
  process.env.OPS_TOOLS ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "churnwatch-ops"),
  "usr",
  "bin",
);

function findIn(lookUp: (name: string) => string | null): Tools | null {
  const path = Object.fromEntries(names.map((name) => [name, lookUp(name)]));
  if (Object.values(path).some((found) => found === null)) return null;
  const { stdout, stderr } = Bun.spawnSync([path.prometheus as string, "--version"]);
  const version = /version (\S+)/.exec(stdout.toString() + stderr.toString())?.[1] ?? "of unknown version";
  return { version, path: path as Tools["path"] };
}

const inFolder = (name: string): string | null => (existsSync(join(unpacked, name)) ? join(unpacked, name) : null);

/** The sets that this machine has: the system's, and the newer one that install-tools.sh unpacks. */
export const toolSets: Tools[] = [findIn((name) => Bun.which(name)), findIn(inFolder)].filter(
  (tools) => tools !== null,
);

/** How to call docker compose, or null. */
export function composeCommand(): string[] | null {
  const standalone = inFolder("docker-compose") ?? Bun.which("docker-compose");
  if (standalone) return [standalone];
  const docker = Bun.which("docker");
  return docker && Bun.spawnSync([docker, "compose", "version"]).exitCode === 0 ? [docker, "compose"] : null;
}

export const howToInstall = "get them with ops/e2e/install-tools.sh (Debian)";
