/** What went wrong, as a name that code can act on. Mapped to HTTP in app.ts and to exit codes in command.ts. */
export type ErrorCode =
  | "invalid_input"
  | "invalid_data"
  | "invalid_setting"
  | "not_found"
  | "unauthenticated"
  | "forbidden"
  | "rate_limited"
  | "payload_too_large"
  | "request_timeout"
  | "unsupported_media_type"
  | "malformed_body"
  | "malformed_path"
  | "conflict"
  | "unavailable"
  | "cancelled";

/** Why a request was refused, as a bounded set of label values. */
export const rejectionReasons = [
  "malformed_body",
  "payload_too_large",
  "request_timeout",
  "unsupported_media_type",
  "unknown_key",
  "missing_key",
  "wrong_type",
  "negative",
  "not_finite",
  "too_short",
  "too_long",
  "other",
] as const;
export type RejectionReason = (typeof rejectionReasons)[number];

/** One thing that is wrong with an input: where (a dotted path, or a line), what, and of which kind. */
export interface Flaw {
  path: string;
  message: string;
  reason?: RejectionReason;
}

/**
 * An error that a person can act on. `message` is one line that says what was wrong, where, and what to do;
 * `flaws` lists the single faults of an input. Anything that is not an AppError is a defect of this program.
 */
export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: ErrorCode;
  readonly flaws: readonly Flaw[];
  /** Seconds after which it is worth another try, where that is known. */
  readonly retryAfter: number | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; flaws?: readonly Flaw[]; retryAfter?: number } = {},
  ) {
    super(message, { cause: options.cause });
    this.code = code;
    this.flaws = options.flaws ?? [];
    this.retryAfter = options.retryAfter;
  }
}

/** The text of anything thrown, for logs and for messages that quote a cause. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
