import { closeSync, fsyncSync, openSync } from "node:fs";

/** Waits until the names in a folder are on disk: a file that was made or renamed there is else lost with the power. */
export function syncFolder(path: string): void {
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
