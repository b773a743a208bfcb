import type { z } from "zod";
import { AppError, type Flaw, messageOf, type RejectionReason } from "../errors.ts";

type Issue = z.core.$ZodIssue;

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

const flawOf = (issue: Issue): Flaw => ({
  path: [...issue.path, ...(issue.code === "unrecognized_keys" ? issue.keys.slice(0, 1) : [])].join("."),
  message: issue.message,
  reason: reasonOf(issue),
});

/**
 * Checks a value against a schema.
 * @throws AppError `invalid_input` with every flaw and its path.
 */
export function validate<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const parsed = schema.safeParse(value, { reportInput: true });
  if (parsed.success) return parsed.data;
  const flaws = parsed.error.issues.map(flawOf);
  const [first] = flaws;
  const where = first?.path ? `${first.path}: ` : "";
  const more = flaws.length > 1 ? ` (and ${flaws.length - 1} more)` : "";
  throw new AppError("invalid_input", `${where}${first?.message}${more}`, { flaws });
}

/**
 * The parameters of a request's address; one that is given twice is a list.
 * @throws AppError `invalid_input`
 */
export function readQuery<S extends z.ZodType>(request: Request, schema: S): z.output<S> {
  const start = request.url.indexOf("?");
  const parameters = new URLSearchParams(start < 0 ? "" : request.url.slice(start));
  const values = [...new Set(parameters.keys())].map((name) => {
    const all = parameters.getAll(name);
    return [name, all.length === 1 ? all[0] : all];
  });
  return validate(schema, Object.fromEntries(values));
}

const mediaType = (request: Request): string =>
  (request.headers.get("content-type") ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";

export const isCsv = (request: Request): boolean => mediaType(request) === "text/csv";

/**
 * The body of a request as text.
 * @throws AppError `payload_too_large` as soon as it is known to be larger than `limit` bytes.
 */
async function readText(request: Request, limit: number): Promise<string> {
  const tooLarge = () => new AppError("payload_too_large", `the body is larger than ${limit} bytes: send it in parts`);
  const declared = request.headers.get("content-length");
  if (declared !== null && Number(declared) > limit) throw tooLarge();
  try {
    if (declared !== null) return await request.text();
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of request.body ?? []) {
      size += chunk.byteLength;
      if (size > limit) throw tooLarge();
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString("utf8");
  } catch (error) {
    throw error instanceof AppError ? error : brokenOff(error);
  }
}

/** The error of a body that did not arrive whole. */
export const brokenOff = (error: unknown): AppError =>
  new AppError("malformed_body", `the body broke off: ${messageOf(error)}`, { cause: error });

/**
 * Reads and checks a JSON body.
 * @throws AppError `unsupported_media_type`, `payload_too_large`, `malformed_body` or `invalid_input`.
 */
export async function readJson<S extends z.ZodType>(request: Request, schema: S, limit: number): Promise<z.output<S>> {
  const type = mediaType(request);
  if (type !== "application/json" && !type.endsWith("+json")) {
    throw new AppError(
      "unsupported_media_type",
      `the body is ${type || "of no stated type"}: send it as content-type: application/json`,
    );
  }
  const text = await readText(request, limit);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new AppError("malformed_body", `the body is not valid JSON: ${messageOf(error)}`, { cause: error });
  }
  return validate(schema, value);
}
