import { readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dir, "..", "..");

export interface LockedPackage {
  name: string;
  version: string;
  /** Where it is from when that is not the registry. */
  source: string;
  /** As the registry states it, `sha512-…`; undefined for what is not from a registry. */
  integrity: string | undefined;
}

interface LockFile {
  packages: Record<string, [string, ...unknown[]]>;
  trustedDependencies?: string[];
}

/** What bun.lock pins: every package that may be installed. */
export function readLockFile(): LockedPackage[] {
  const { packages } = Bun.JSONC.parse(readFileSync(join(root, "bun.lock"), "utf8")) as LockFile;
  return Object.values(packages).map(([resolved, ...rest]) => {
    const separator = resolved.lastIndexOf("@");
    const [source] = rest;
    const last = rest.at(-1);
    return {
      name: resolved.slice(0, separator),
      version: resolved.slice(separator + 1),
      source: typeof source === "string" ? source : resolved,
      integrity: typeof last === "string" && last.includes("-") ? last : undefined,
    };
  });
}
