import { AppError } from "../errors.ts";
import { type Problem, problemResponse } from "./problem.ts";

export interface KnownRoute {
  method: string;
  /** Its template, as `/models/:version`. */
  path: string;
}

/** The answer to a request that no route takes: 405 with what its path answers, else 404. */
export function notFound(
  routes: readonly KnownRoute[],
  { method, path, requestId }: { method: string; path: string; requestId: string },
): Response {
  const matching = routes.filter((route) => matches(route.path, path));
  const [template] = matching;
  if (!template) {
    return problemResponse(
      new AppError("not_found", "there is no such route (GET /docs lists what there is)"),
      requestId,
    );
  }
  const allow = [...new Set(matching.map((route) => route.method))].join(", ");
  const problem: Problem = {
    type: "urn:churnwatch:problem:method_not_allowed",
    title: "Method not allowed",
    status: 405,
    // The template is told rather than the path, which may name a person.
    detail: `${template.path} answers ${allow}, not ${method}`,
    request_id: requestId,
  };
  return new Response(JSON.stringify(problem), {
    status: 405,
    headers: { "content-type": "application/problem+json", allow },
  });
}

function matches(template: string, path: string): boolean {
  const parts = path.split("/");
  const expected = template.split("/");
  return expected.length === parts.length && expected.every((part, i) => part.startsWith(":") || part === parts[i]);
}
