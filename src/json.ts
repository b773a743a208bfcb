import type { z } from "zod";
import { AppError, type ErrorCode, type Flaw, messageOf, type RejectionReason } from "./errors.ts";

type Issue = z.core.$ZodIssue;

/** The refusal of a body as a whole, whose path is empty, or of a header. */
export const refused = (
  code: ErrorCode,
  message: string,
  { path = "", cause }: { path?: string; cause?: unknown } = {},
) => new AppError(code, message, { cause, flaws: [{ path, message }] });

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
