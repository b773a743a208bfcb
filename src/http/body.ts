import type { z } from "zod";
import { AppError, type ErrorCode, type Flaw, messageOf, type RejectionReason } from "../errors.ts";

type Issue = z.core.$ZodIssue;

// Milliseconds within which a JSON body must be whole.
const bodyTimeout = 20_000;
// Bytes per millisecond that a larger body, which may take longer, must have come with after that.
const leastRate = 16;
/** The refusal of a body as a whole, whose path is empty, or of a header. */
const refused = (code: ErrorCode, message: string, { path = "", cause }: { path?: string; cause?: unknown } = {}) =>
  new AppError(code, message, { cause, flaws: [{ path, message }] });
const tooSlow = (timeout: number) =>
  refused(
    "request_timeout",
    `the body did not arrive within ${Math.round(timeout / 1000)} s: send it faster, or in parts`,
  );

function reasonOf(issue: Issue): RejectionReason {
  switch (issue.code) {
    case "unrecognized_keys":
      return "unknown_key";
    case "invalid_type":
      if (issue.input === undefined) return "missing_key";
      return issue.input === Number.POSITIVE_INFINITY || issue.input === Number.NEGATIVE_INFINITY
        ? "not_finite"
        : "wrong_type";
    case "too_small":
      return issue.origin === "number" ? "negative" : "too_short";
    case "too_big":
      return issue.origin === "number" ? "not_finite" : "too_long";
    default:
      return "other";
  }
}

// An answer must not grow with the badness of the question.
const flawLimit = 100;
const messageLimit = 300;
const shortened = (text: string): string => (text.length > messageLimit ? `${text.slice(0, messageLimit)}…` : text);

const flawOf = (issue: Issue): Flaw => ({
  path: shortened([...issue.path, ...(issue.code === "unrecognized_keys" ? issue.keys.slice(0, 1) : [])].join(".")),
  message: shortened(issue.message),
  reason: reasonOf(issue),
});

/** What is wrong with one entry of many, in one line that says where. */
export const describeIssues = (issues: readonly Issue[]): string =>
  shortened(issues.map((issue) => `${flawOf(issue).path || "line"}: ${shortened(issue.message)}`).join("; "));

/**
 * Checks a value against a schema.
 * @throws AppError `invalid_input` with the flaws and their paths, the first 100 of them.
 */
export function validate<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const parsed = schema.safeParse(value, { reportInput: true });
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  const flaws = issues.slice(0, flawLimit).map(flawOf);
  const [first] = flaws;
  const where = first?.path ? `${first.path}: ` : "";
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : "";
  throw new AppError("invalid_input", `${where}${first?.message}${more}`, { flaws });
}

/**
 * The parameters of a request's address; one that is given twice is a list.
 * @throws AppError `invalid_input`
 */
export function readQuery<S extends z.ZodType>(request: Request, schema: S): z.output<S> {
  const start = request.url.indexOf("?");
  // Most requests have none, and taking an empty one apart costs as much.
  if (start < 0) return validate(schema, {});
  const parameters = new URLSearchParams(request.url.slice(start));
  const values = [...new Set(parameters.keys())].map((name) => {
    const all = parameters.getAll(name);
    return [name, all.length === 1 ? all[0] : all];
  });
  return validate(schema, Object.fromEntries(values));
}

const mediaType = (request: Request): string =>
  (request.headers.get("content-type") ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";

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

async function declaredBytes(request: Request): Promise<ArrayBuffer> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(tooSlow(bodyTimeout)), bodyTimeout);
  try {
    return await Promise.race([request.arrayBuffer(), late.promise]);
  } catch (error) {
    throw error instanceof AppError ? error : brokenOff(error);
  } finally {
    clearTimeout(timer);
  }
}

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
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw notText(error);
  }
}

/** The error of a body that did not arrive whole. */
export const brokenOff = (error: unknown): AppError =>
  refused("malformed_body", `the body broke off: ${messageOf(error)}`, { cause: error });

// Reading deep nesting costs a hundred times as much as reading flat data of the same size; nothing asked for here is deep.
const depthLimit = 64;
const harmless = 64 * 1024;

/** @throws AppError `malformed_body` for a large JSON text that is nested deeply. */
function checkDepth(text: string): void {
  if (text.length <= harmless) return;
  let depth = 0;
  let isInString = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (isInString) {
      if (code === 0x5c) i++;
      else if (code === 0x22) isInString = false;
    } else if (code === 0x22) isInString = true;
    else if (code === 0x5b || code === 0x7b) {
      if (++depth > depthLimit)
        throw refused("malformed_body", `the body is nested more than ${depthLimit} levels deep`);
    } else if (code === 0x5d || code === 0x7d) depth--;
  }
}

/**
 * The text of a JSON body, not looked at yet.
 * @throws AppError `unsupported_media_type`, `payload_too_large`, `request_timeout` or `malformed_body`.
 */
export async function readJsonText(request: Request, limit: number): Promise<string> {
  const type = mediaType(request);
  if (type !== "application/json" && !type.endsWith("+json")) {
    throw refused(
      "unsupported_media_type",
      `the body is ${type || "of no stated type"}: send it as content-type: application/json`,
      { path: "content-type" },
    );
  }
  checkEncoding(request);
  return readText(request, limit);
}

/**
 * The value of a JSON text, checked.
 * @throws AppError `malformed_body` or `invalid_input`.
 */
export function parseJson<S extends z.ZodType>(text: string, schema: S): z.output<S> {
  checkDepth(text);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // The parser quotes the body, where there may be a person.
    const reason = messageOf(error).replace(/ ?".*/s, "");
    throw refused("malformed_body", `the body is not valid JSON: ${reason}`, { cause: error });
  }
  return validate(schema, value);
}

/**
 * Reads and checks a JSON body.
 * @throws AppError `unsupported_media_type`, `payload_too_large`, `request_timeout`, `malformed_body` or `invalid_input`.
 */
export const readJson = async <S extends z.ZodType>(request: Request, schema: S, limit: number): Promise<z.output<S>> =>
  parseJson(await readJsonText(request, limit), schema);
