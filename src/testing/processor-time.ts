import { existsSync, readFileSync } from "node:fs";

/** Milliseconds for which the main thread of a process has waited for a processor; 0 where only Linux could tell. */
export function waitedForProcessor(pid: number): number {
  const file = `/proc/${pid}/task/${pid}/schedstat`;
  return existsSync(file) ? Number(readFileSync(file, "utf8").split(" ")[1]) / 1e6 : 0;
}
