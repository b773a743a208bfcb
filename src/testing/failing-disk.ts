import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { basename } from "node:path";

/** A disk in a file, which the kernel takes for broken when told to. */
export interface FailingDisk {
  /** From now on nothing can be written, not even to files that are open: what Linux does when it meets an error of a disk. */
  fail(): void;
  /** Mends it and mounts it again. */
  mend(): void;
  remove(): void;
}

const run = (command: string, ...options: string[]) => spawnSync(command, options, { encoding: "utf8" });

/** @returns an ext4 disk of so many bytes at `path`, or why none can be had: only root may mount one, on Linux. */
export function mountFailingDisk(path: string, bytes: number): FailingDisk | string {
  const image = `${path}.image`;
  mkdirSync(path, { recursive: true });
  writeFileSync(image, "");
  truncateSync(image, bytes);
  const made = run("mkfs.ext4", "-q", image);
  if (made.status !== 0) return `no ext4 can be made: ${made.error?.message ?? made.stderr.trim()}`;
  const mount = () => run("mount", "-o", "loop,errors=remount-ro", image, path);
  const mounted = mount();
  if (mounted.status !== 0) return `no image can be mounted: ${mounted.error?.message ?? mounted.stderr.trim()}`;
  const unmount = () => run("umount", path);
  const device = basename(run("findmnt", "-n", "-o", "SOURCE", path).stdout.trim());
  const trigger = `/sys/fs/ext4/${device}/trigger_fs_error`;
  if (!existsSync(trigger)) {
    unmount();
    return `there is no ${trigger}`;
  }
  return {
    fail() {
      run("sync", "-f", path);
      writeFileSync(trigger, "a test");
    },
    mend() {
      unmount();
      run("fsck.ext4", "-y", image);
      const again = mount();
      if (again.status !== 0) throw new Error(`the disk cannot be mounted again: ${again.stderr}`);
    },
    remove() {
      if (unmount().status !== 0) run("umount", "-l", path);
      rmSync(path, { recursive: true, force: true });
      rmSync(image, { force: true });
    },
  };
}
