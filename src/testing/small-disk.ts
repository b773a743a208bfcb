import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A disk in memory that is soon full. */
export interface SmallDisk {
  /** Leaves no byte free. */
  fill(): void;
  free(): void;
  /** From now on nothing can be written. */
  seal(): void;
  remove(): void;
}

const mount = (...options: string[]) => spawnSync("mount", options, { encoding: "utf8" });

/** @returns a disk of so many bytes at `path`, or why none can be had: only root may mount one, on Linux. */
export function mountSmallDisk(path: string, bytes: number): SmallDisk | string {
  mkdirSync(path, { recursive: true });
  const { status, stderr, error } = mount("-t", "tmpfs", "-o", `size=${bytes}`, "tmpfs", path);
  if (status !== 0) return `no tmpfs can be mounted: ${error?.message ?? stderr.trim()}`;
  const filler = join(path, "filler");
  return {
    fill() {
      for (let part = 0, size = 2 ** 20; size >= 1; ) {
        try {
          writeFileSync(`${filler}-${part++}`, new Uint8Array(size));
        } catch (failure) {
          if ((failure as { code?: string }).code !== "ENOSPC") throw failure;
          size = Math.floor(size / 2);
        }
      }
    },
    free() {
      spawnSync("sh", ["-c", 'rm -f "$1"-*', "sh", filler]);
    },
    seal() {
      const sealed = mount("-o", "remount,ro", path);
      if (sealed.status !== 0) throw new Error(`the disk cannot be made read-only: ${sealed.stderr}`);
    },
    remove() {
      spawnSync("umount", ["-l", path]);
      rmSync(path, { recursive: true, force: true });
    },
  };
}
