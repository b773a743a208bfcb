import { AppError, type ErrorCode } from "../errors.ts";

const statuses: Record<ErrorCode, [number, string]> = {
  invalid_input: [422, "The input is not valid"],
  invalid_data: [422, "The data is not valid"],
  invalid_setting: [500, "The service is set up wrongly"],
  not_found: [404, "Not found"],
  unauthenticated: [401, "An API key is needed"],
  forbidden: [403, "This API key may not do that"],
  rate_limited: [429, "Too many requests"],
  payload_too_large: [413, "The body is too large"],
  request_timeout: [408, "The body did not arrive in time"],
  unsupported_media_type: [415, "The body is of a type that is not understood"],
  malformed_body: [400, "The body cannot be read"],
  malformed_path: [400, "The path cannot be read"],
  conflict: [409, "Not possible now"],
  unavailable: [503, "Not available now"],
  cancelled: [503, "Cancelled"],
};

/** RFC 9457: what went wrong, for a program and for a person. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  errors?: { path: string; message: string }[];
  /** Names the request in the logs. */
  request_id: string;
}

function problemOf(error: AppError): Omit<Problem, "request_id"> {
  const [status, title] = statuses[error.code];
  return {
    type: `urn:churnwatch:problem:${error.code}`,
    title,
    status,
    detail: error.message,
    ...(error.flaws.length > 0 && { errors: error.flaws.map(({ path, message }) => ({ path, message })) }),
  };
}

/** The answer to a request that failed; what a defect says stays inside. */
export function problemResponse(error: unknown, requestId: string): Response {
  const problem: Problem = {
    ...(error instanceof AppError
      ? problemOf(error)
      : {
          type: "urn:churnwatch:problem:defect",
          title: "The service failed",
          status: 500,
          detail: "an error of the service; it was logged",
        }),
    request_id: requestId,
  };
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: {
      "content-type": "application/problem+json",
      ...((problem.status === 503 || problem.status === 429) && {
        "retry-after": String((error instanceof AppError && error.retryAfter) || 1),
      }),
      ...(problem.status === 401 && { "www-authenticate": "Bearer" }),
    },
  });
}
