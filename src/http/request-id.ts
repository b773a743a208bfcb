// Short, and nothing that could break a log line or a header.
const sane = /^[\w.:+/=-]{1,128}$/;

/** What names a request in logs, problems and traces: its own `x-request-id` when that is sane, else a new one. */
export function requestIdOf(request: Request, newId: () => string): string {
  const given = request.headers.get("x-request-id");
  return given !== null && sane.test(given) ? given : newId();
}
