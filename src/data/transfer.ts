import { existsSync, renameSync, rmSync, statSync } from "node:fs";
import { type FileHandle, open, readFile, writeFile } from "node:fs/promises";
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

/** What arrived does not fit what the server offers: the transfer starts again. */
class Mismatched extends Interrupted {}

/**
 * Downloads a file over HTTP. A broken connection is taken up where it stopped, in this call and in later ones, as long as
 * the server still offers the same file; else it starts again.
 * @throws AppError `unavailable` when the server refuses, cannot be reached, or breaks off too often, and when the disk
 * cannot be written to.
 */
export async function transfer(options: TransferOptions): Promise<void> {
  const { file, retries, backoff, onRetry } = options;
  for (let attempt = 0; ; attempt++) {
    try {
      await attemptTransfer(options);
      await writing(file, () => renameSync(partOf(file), file));
      rmSync(tagOf(file), { force: true });
      return;
    } catch (error) {
      if (!(error instanceof Interrupted)) throw error;
      if (error instanceof Mismatched) rmSync(partOf(file), { force: true });
      if (attempt === retries) {
        throw new AppError(
          "unavailable",
          `the download broke off ${attempt + 1} times: ${error.message}; run it again to go on from there`,
          { cause: error },
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
  const giveUp = () => abort.abort(new Error(`nothing arrived for ${timeout / 1000} s`));
  let timer = setTimeout(giveUp, timeout);
  let output: FileHandle | undefined;
  try {
    const response = await request(url, start, tag, abort.signal);
    const { before, total } = extentOf(response, start);
    let received = before;
    const handle = await writing(part, () => open(part, received > 0 ? "a" : "w"));
    output = handle;
    // Only once the part is empty: a stop between the two steps must not leave one file's bytes with another one's tag.
    const newTag = response.headers.get("etag") ?? response.headers.get("last-modified") ?? "";
    if (received === 0) await writing(part, () => writeFile(tagOf(file), newTag));
    for await (const chunk of chunksOf(response)) {
      clearTimeout(timer);
      timer = setTimeout(giveUp, timeout);
      await writing(part, () => writeWhole(handle, chunk));
      received += chunk.byteLength;
      onBytes(received, total);
    }
    if (total !== null && received > total) throw new Mismatched(`${received} bytes arrived instead of ${total}`);
    if (total !== null && received < total) throw new Interrupted(`${received} of ${total} bytes arrived`);
  } finally {
    clearTimeout(timer);
    abort.abort();
    await output?.close();
  }
}

async function request(url: string, start: number, tag: string, signal: AbortSignal): Promise<Response> {
  const { host } = new URL(url);
  let response: Response;
  try {
    // Compression on the way would make sizes and ranges those of something else.
    const headers = { "accept-encoding": "identity", ...(start > 0 && { range: `bytes=${start}-`, "if-range": tag }) };
    response = await fetch(url, { headers, signal });
  } catch (error) {
    throw new Interrupted(`${host} cannot be reached (${messageOf(error)})`);
  }
  if (response.status === 416) throw new Mismatched("the server has nothing after what arrived before");
  if (response.status >= 500 || response.status === 429 || response.status === 408) {
    throw new Interrupted(`${host} answered ${response.status}`);
  }
  if (!response.ok) {
    throw new AppError(
      "unavailable",
      `${host} answered ${response.status}: download the file by hand and unzip Train.csv into the raw folder`,
    );
  }
  return response;
}

/** How much of the file is there before the body of an answer, and how much there is in all. */
function extentOf(response: Response, start: number): { before: number; total: number | null } {
  const length = response.headers.get("content-length");
  if (response.status !== 206) return { before: 0, total: length === null ? null : Number(length) };
  const range = response.headers.get("content-range")?.match(/^bytes (\d+)-(\d+)\/(\d+|\*)$/);
  if (!range || Number(range[1]) !== start) throw new Mismatched("the server sent another part than the one asked for");
  return { before: start, total: range[3] === "*" ? Number(range[2]) + 1 : Number(range[3]) };
}

async function* chunksOf(response: Response): AsyncIterable<Uint8Array> {
  const reader = response.body?.getReader();
  while (reader) {
    const { done, value } = await reader.read().catch((error) => {
      throw new Interrupted(messageOf(error));
    });
    if (done) return;
    yield value;
  }
}

async function writeWhole(output: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.byteLength; ) at += (await output.write(chunk, at)).bytesWritten;
}

async function writing<T>(file: string, step: () => T | Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    const advice = "make room or allow writing there, then run it again to go on";
    throw new AppError("unavailable", `cannot write ${file}: ${messageOf(error)}; ${advice}`, { cause: error });
  }
}
