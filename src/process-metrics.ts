import { readdirSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Metrics } from "./metrics.ts";

/** Figures of the process itself. The client's own defaults are wrong under Bun (heap size, event-loop utilisation). */
export function observeProcess({ instruments, beforeScrape }: Metrics, startedAt: number): void {
  instruments.startTime.set(startedAt / 1000);
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  beforeScrape(() => {
    const { user, system } = process.cpuUsage();
    instruments.cpuSeconds.reset();
    instruments.cpuSeconds.inc((user + system) / 1e6);
    instruments.residentMemory.set(process.memoryUsage.rss());
    instruments.openFiles.set(countOpenFiles());
    instruments.eventLoopLag.set(delay.max / 1e9);
    delay.reset();
  });
}

function countOpenFiles(): number {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch {
    // Only Linux tells.
    return Number.NaN;
  }
}
