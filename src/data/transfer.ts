import { existsSync, renameSync, rmSync, statSync } from "node:fs";
import { open, readFile, writeFile } from "node:fs/promises";
import { AppError, messageOf } from "../errors.ts";

export interface TransferOptions {
  url: string;
  /** Where the whole file appears once it is complete; what has arrived so far waits beside it in `<file>.part`. */
  file: string;
  /** Times that a broken connection is taken up again. */
  retries: number;
  /** Milliseconds before the first retry; doubled for each further one. */
  backoff: number;
  /** Milliseconds without a byte after which a connection counts as broken. */
  timeout: number;
  /** Told of the bytes that are there and the bytes that there will be (null when the server does not tell). */
  onBytes(received: number, total: number | null): void;
  onRetry(reason: string): void;
}

/** A connection that broke: the transfer may go on from where it stopped. */
class Interrupted extends Error {}

/**
 * Downloads a file over HTTP. A broken connection is taken up where it stopped, in this call and in later ones, as long as
 * the server still offers the same file; else it starts again.
 * @throws AppError `unavailable` when the server refuses, cannot be reached, or breaks off too often.
 */
export async function transfer(options: TransferOptions): Promise<void> {
  const { file, retries, backoff, onRetry } = options;
  for (let attempt = 0; ; attempt++) {
    try {
      await attemptTransfer(options);
      renameSync(partOf(file), file);
      rmSync(tagOf(file), { force: true });
      return;
    } catch (error) {
      if (!(error instanceof Interrupted)) throw error;
      if (attempt === retries) {
        throw new AppError(
          "unavailable",
          `the download broke off ${attempt + 1} times: ${error.message}; run it again to go on from there`,
          {
            cause: error,
          },
        );
      }
      onRetry(error.message);
      await Bun.sleep(backoff * 2 ** attempt);
    }
  }
}

const partOf = (file: string): string => `${file}.part`;
/** Keeps what identifies the file on the server, so that two different files are never joined. */
const tagOf = (file: string): string => `${file}.part.tag`;

async function attemptTransfer({ url, file, timeout, onBytes }: TransferOptions): Promise<void> {
  const part = partOf(file);
  const tag = existsSync(tagOf(file)) ? await readFile(tagOf(file), "utf8") : "";
  const start = existsSync(part) && tag !== "" ? statSync(part).size : 0;
  const abort = new AbortController();
  let timer = setTimeout(() => abort.abort(), timeout);
  try {
    const response = await request(url, start, tag, abort.signal);
    const isResumed = response.status === 206;
    const received = isResumed ? start : 0;
    const length = response.headers.get("content-length");
    const total = length === null ? null : received + Number(length);
    await writeFile(tagOf(file), response.headers.get("etag") ?? response.headers.get("last-modified") ?? "");
    const output = await open(part, isResumed ? "a" : "w");
    let size = received;
    try {
      for await (const chunk of response.body ?? []) {
        clearTimeout(timer);
        timer = setTimeout(() => abort.abort(), timeout);
        await output.write(chunk);
        size += chunk.byteLength;
        onBytes(size, total);
      }
    } catch (error) {
      if (isDiskFault(error))
        throw new AppError("unavailable", `cannot write ${part}: ${messageOf(error)}`, { cause: error });
      throw new Interrupted(abort.signal.aborted ? `nothing arrived for ${timeout / 1000} s` : messageOf(error));
    } finally {
      await output.close();
    }
    if (total !== null && size !== total) throw new Interrupted(`${size} of ${total} bytes arrived`);
  } finally {
    clearTimeout(timer);
  }
}

const isDiskFault = (error: unknown): boolean =>
  ["ENOSPC", "EDQUOT", "EIO", "EROFS"].includes((error as { code?: string }).code ?? "");

async function request(url: string, start: number, tag: string, signal: AbortSignal): Promise<Response> {
  let response: Response;
  try {
    // Compression on the way would make sizes and ranges those of something else.
    const headers = { "accept-encoding": "identity", ...(start > 0 && { range: `bytes=${start}-`, "if-range": tag }) };
    response = await fetch(url, { headers, signal });
  } catch (error) {
    throw new Interrupted(`${new URL(url).host} cannot be reached (${messageOf(error)})`);
  }
  if (response.status === 416) throw new Interrupted("the server has less than what arrived before");
  if (response.status >= 500) throw new Interrupted(`the server answered ${response.status}`);
  if (!response.ok) {
    const { host } = new URL(url);
    throw new AppError(
      "unavailable",
      `${host} answered ${response.status}: download the file by hand and unzip Train.csv into the raw folder`,
    );
  }
  return response;
}
