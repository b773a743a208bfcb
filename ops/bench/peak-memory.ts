import { readFileSync } from "node:fs";

/** Largest resident set (bytes) of a process of Linux, looked up until it ends. */
export async function watchPeak(child: Bun.Subprocess): Promise<number> {
  let peak = 0;
  while (child.exitCode === null) {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
      peak = Math.max(peak, 1024 * Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
    await Bun.sleep(20);
  }
  return peak;
}
