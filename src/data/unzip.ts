import { createWriteStream, renameSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { crc32 } from "node:zlib";
import { type Entry, openPromise } from "yauzl";
import { AppError, messageOf } from "../errors.ts";

/**
 * Unpacks the files of a ZIP whose names (without folders) are wanted. Each appears whole or not at all; sizes and
 * checksums are verified.
 * @returns the paths that were written.
 * @throws AppError `invalid_data` when the ZIP is damaged, `unavailable` when the disk refuses (it is full, for instance).
 */
export async function unzip(archive: string, wanted: readonly string[], folder: string): Promise<string[]> {
  const written: string[] = [];
  try {
    const zip = await openPromise(archive, { lazyEntries: true, autoClose: false });
    try {
      for await (const entry of zip.eachEntry()) {
        const name = basename(entry.fileName);
        if (!wanted.includes(name)) continue;
        const path = join(folder, name);
        await extract(await zip.openReadStreamPromise(entry), entry, path);
        written.push(path);
      }
    } finally {
      zip.close();
    }
  } catch (error) {
    const isRefusedByDisk = (error as NodeJS.ErrnoException).syscall !== undefined;
    throw isRefusedByDisk
      ? new AppError(
          "unavailable",
          `cannot unpack ${archive}: ${messageOf(error)}; make room or allow writing there, then run it again`,
          { cause: error },
        )
      : new AppError("invalid_data", `${archive} is damaged: ${messageOf(error)}; run it again with --force`, {
          cause: error,
        });
  }
  return written;
}

async function extract(content: NodeJS.ReadableStream, entry: Entry, path: string): Promise<void> {
  const temporary = `${path}.unpacking`;
  let checksum = 0;
  const check = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      checksum = crc32(chunk, checksum);
      done(null, chunk);
    },
  });
  try {
    await pipeline(content, check, createWriteStream(temporary));
    if (checksum !== entry.crc32) throw new Error(`the checksum of ${entry.fileName} differs`);
    renameSync(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
  }
}
