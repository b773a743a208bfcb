import { existsSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "../errors.ts";

/** The real data when it is there, else the sample. */
export function defaultDataFile(dataDirectory: string): string {
  const candidates = ["Train.csv", "sample.csv"].map((name) => join(dataDirectory, "raw", name));
  const found = candidates.find((file) => existsSync(file));
  if (!found) {
    throw new AppError(
      "not_found",
      `there is no data in ${join(dataDirectory, "raw")}: get it with bun run data:download, make some with bun run data:sample, or name a file with --data`,
    );
  }
  return found;
}
