import { readFileSync, writeFileSync } from "node:fs";

/**
 * Makes a push that a Pushgateway keeps in its file look older, as if it had been kept all the time. The Pushgateway must not run.
 * @param pushedAt what it exposed as push_time_seconds
 * @param seconds how much older
 * @throws Error when the file does not hold that time exactly once
 */
export function agePush(file: string, pushedAt: number, seconds: number): void {
  const kept = readFileSync(file);
  const time = Buffer.alloc(8);
  time.writeDoubleLE(pushedAt);
  const at = kept.indexOf(time);
  if (at < 0 || kept.indexOf(time, at + 1) >= 0) throw new Error(`${file} does not hold ${pushedAt} exactly once`);
  kept.writeDoubleLE(pushedAt - seconds, at);
  writeFileSync(file, kept);
}
