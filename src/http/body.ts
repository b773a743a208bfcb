import type { z } from "zod";
import { AppError, messageOf } from "../errors.ts";
import { parseJson, refused } from "../json.ts";
import { createDeadline } from "./deadline.ts";

// Milliseconds within which a JSON body must be whole.
const bodyTimeout = 20_000;
// Bytes per millisecond that a larger body, which may take longer, must have come with after that.
const leastRate = 16;
const tooSlow = (timeout: number) =>
  refused(
    "request_timeout",
    `the body did not arrive within ${Math.round(timeout / 1000)} s: send it faster, or in parts`,
  );

const plainJson = "application/json";

function mediaType(request: Request): string {
  const type = request.headers.get("content-type") ?? "";
  // What nearly all say, and needs no taking apart.
  return type === plainJson ? type : (type.split(";", 1)[0] as string).trim().toLowerCase();
}

export const isCsv = (request: Request): boolean => mediaType(request) === "text/csv";

/** @throws AppError `unsupported_media_type` for a compressed body. */
export function checkEncoding(request: Request): void {
  const encoding = request.headers.get("content-encoding");
  if (encoding !== null && encoding.toLowerCase() !== "identity")
    throw refused("unsupported_media_type", "the body is compressed: send it without content-encoding", {
      path: "content-encoding",
    });
}

const tooLarge = (limit: number) =>
  refused("payload_too_large", `the body is larger than ${limit} bytes: send it in parts`);

/** Refuses a body that says itself that it is too large. @throws AppError `payload_too_large` */
export function checkDeclaredLength(request: Request, limit: number): number | null {
  const declared = request.headers.get("content-length");
  if (declared === null) return null;
  if (Number(declared) > limit) throw tooLarge(limit);
  return Number(declared);
}

/**
 * The chunks of a body as they arrive.
 * @throws AppError `payload_too_large` as soon as there are more than `limit` bytes, `request_timeout` when it is not whole
 *   after `timeout` milliseconds, or comes at less than 16 kB/s after the first 20 s, `malformed_body` when it breaks off.
 */
async function* chunksOf(request: Request, limit: number, timeout = bodyTimeout): AsyncGenerator<Uint8Array> {
  if (!request.body) return;
  const reader = request.body.getReader();
  const late = Promise.withResolvers<never>();
  // Without this, one that comes while nothing is awaited would end the process.
  late.promise.catch(() => undefined);
  const started = performance.now();
  let size = 0;
  let timer: Timer | undefined;
  function expectMore(): void {
    const patience = Math.min(timeout, bodyTimeout + size / leastRate);
    const elapsed = performance.now() - started;
    if (elapsed < patience) timer = setTimeout(expectMore, patience - elapsed);
    else late.reject(tooSlow(patience));
  }
  expectMore();
  try {
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), late.promise]);
      if (done) return;
      size += value.byteLength;
      if (size > limit) throw tooLarge(limit);
      yield value;
    }
  } catch (error) {
    throw error instanceof AppError ? error : brokenOff(error);
  } finally {
    clearTimeout(timer);
  }
}

const slice = 64 * 1024;
const notText = (error: unknown) => refused("malformed_body", "the body is not UTF-8", { cause: error });

/**
 * The text of a body as it arrives.
 * @throws AppError as `chunksOf` does, and `malformed_body` when it is not UTF-8.
 */
export async function* decoded(request: Request, limit: number, timeout: number): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const decode = (chunk?: Uint8Array): string => {
    try {
      return decoder.decode(chunk, { stream: chunk !== undefined });
    } catch (error) {
      throw notText(error);
    }
  };
  for await (const chunk of chunksOf(request, limit, timeout)) {
    for (let start = 0; start < chunk.byteLength; start += slice) {
      yield decode(chunk.subarray(start, start + slice));
      // Whoever parses it does so at once: others get their turn in between.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  yield decode();
}

const whole = createDeadline(bodyTimeout);

async function declaredBytes(request: Request): Promise<ArrayBuffer> {
  try {
    return await whole(request.arrayBuffer(), () => tooSlow(bodyTimeout));
  } catch (error) {
    throw error instanceof AppError ? error : brokenOff(error);
  }
}

const decoder = new TextDecoder("utf-8", { fatal: true });

/**
 * The body of a request as text.
 * @throws AppError `payload_too_large` as soon as it is known to be larger than `limit` bytes, `malformed_body` when it is
 *   not UTF-8 or breaks off, `request_timeout`.
 */
async function readText(request: Request, limit: number): Promise<string> {
  let bytes: ArrayBuffer | Uint8Array;
  if (checkDeclaredLength(request, limit) !== null) bytes = await declaredBytes(request);
  else {
    const chunks: Uint8Array[] = [];
    for await (const chunk of chunksOf(request, limit)) chunks.push(chunk);
    bytes = Buffer.concat(chunks);
  }
  try {
    return decoder.decode(bytes);
  } catch (error) {
    throw notText(error);
  }
}

/** The error of a body that did not arrive whole. */
export const brokenOff = (error: unknown): AppError =>
  refused("malformed_body", `the body broke off: ${messageOf(error)}`, { cause: error });

/**
 * The text of a JSON body, not looked at yet.
 * @throws AppError `unsupported_media_type`, `payload_too_large`, `request_timeout` or `malformed_body`.
 */
export async function readJsonText(request: Request, limit: number): Promise<string> {
  const type = mediaType(request);
  if (type !== plainJson && !type.endsWith("+json")) {
    throw refused(
      "unsupported_media_type",
      `the body is ${type || "of no stated type"}: send it as content-type: ${plainJson}`,
      { path: "content-type" },
    );
  }
  checkEncoding(request);
  return readText(request, limit);
}

/**
 * Reads and checks a JSON body.
 * @throws AppError `unsupported_media_type`, `payload_too_large`, `request_timeout`, `malformed_body` or `invalid_input`.
 */
export const readJson = async <S extends z.ZodType>(request: Request, schema: S, limit: number): Promise<z.output<S>> =>
  parseJson(await readJsonText(request, limit), schema);
