import { z } from "zod";
import { customerSchema } from "../../customer.ts";
import type { JsonSchema } from "./fitting.ts";
import type { FuzzRequest } from "./requests.ts";

export interface FuzzAnswer {
  status: number;
  type: string;
  requestId: string | null;
  text: string;
}

const problemSchema = z.object({
  type: z.string().startsWith("urn:churnwatch:problem:"),
  title: z.string().min(1),
  status: z.int(),
  detail: z.string().min(1).max(10_000),
  request_id: z.string().min(1),
  errors: z
    .array(z.object({ path: z.string(), message: z.string().min(1) }))
    .min(1)
    .max(100)
    .optional(),
});
type Problem = z.output<typeof problemSchema>;

const schemas = new Map<JsonSchema, z.ZodType>();
function zodOf(schema: JsonSchema): z.ZodType {
  const known = schemas.get(schema) ?? z.fromJSONSchema(schema as never);
  schemas.set(schema, known);
  return known;
}

const unread = Symbol("not JSON");
/** A body as the service reads it: as UTF-8, without a byte order mark. */
function parsed(body: FuzzRequest["body"]): unknown {
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return unread;
  }
}

const isRecord = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Whether a path leads to a place of a value, or to one that is missing there. */
function leadsSomewhere(value: unknown, path: string): boolean {
  if (path === "") return true;
  if (typeof value !== "object" || value === null) return false;
  const record = value as Record<string, unknown>;
  if (!path.includes(".")) return true;
  return Object.keys(record).some(
    (key) => path === key || (path.startsWith(`${key}.`) && leadsSomewhere(record[key], path.slice(key.length + 1))),
  );
}

function faultOfPaths({ body, headers, path: address }: FuzzRequest, { errors }: Problem): string | null {
  if (!errors) return "names no path";
  const query = new URLSearchParams(address.split("?")[1] ?? "");
  const value = parsed(body);
  for (const { path } of errors) {
    if (path.endsWith("…") || query.has(path)) continue;
    if (headers["content-type"]?.startsWith("text/csv")) {
      if (/^line \d+/.test(path)) continue;
    } else if (path === "" ? !isRecord(value) || "" in value : leadsSomewhere(value, path)) continue;
    return `names the path ${JSON.stringify(path)}, which is not in the request`;
  }
  return null;
}

/** Whether the path of an address is UTF-8 in percent-encoding; what is not is refused by the name of its parameter. */
function isReadable(address: string): boolean {
  try {
    decodeURIComponent(address.split("?")[0] as string);
    return true;
  } catch (error) {
    if (error instanceof URIError) return false;
    throw error;
  }
}

/** Refusals of a body as a whole, of a header or of a line. */
const aboutTheWhole = [400, 408, 413, 415];

function faultOfRefusal(request: FuzzRequest, { status, type, text, requestId }: FuzzAnswer): string | null {
  if (!type.startsWith("application/problem+json")) return `a refusal of type ${type}`;
  const problem = problemSchema.safeParse(parsed(text));
  if (!problem.success) return `not a problem: ${z.prettifyError(problem.error)}`;
  if (problem.data.status !== status || problem.data.request_id !== requestId) return "a problem of another answer";
  if (status === 422) return faultOfPaths(request, problem.data);
  if (!aboutTheWhole.includes(status)) return null;
  const [where] = problem.data.errors ?? [];
  if (!isReadable(request.path))
    return where && /^[a-z_]+$/.test(where.path) ? null : "does not name what is unreadable";
  return where && /^($|content-(type|encoding)$|line \d+)/.test(where.path) ? null : "does not say where it is wrong";
}

/** What the schemas say must become of a JSON body that is let in, or null when they do not say. */
function expectedOf({ operation, intent, body, headers, path }: FuzzRequest): "accepted" | "refused" | null {
  if (!operation.body || headers["content-type"] !== "application/json" || typeof body !== "string") return null;
  if (path.includes("?")) return null;
  const value = parsed(body);
  if (value === unread) return "refused";
  if (operation.path === "/predict") return customerSchema.safeParse(value).success ? "accepted" : "refused";
  if (!zodOf(operation.body).safeParse(value).success) return "refused";
  // Feedback asks for one of two keys, and that the prediction exists: the description cannot say so.
  return intent === "fitting" && operation.path !== "/feedback" ? "accepted" : null;
}

/** What is wrong with the answer to a request, or null. */
export function faultOf(request: FuzzRequest, answer: FuzzAnswer): string | null {
  const { status, text, type, requestId } = answer;
  const { operation } = request;
  if (status >= 500) return `answered ${status}: ${text.slice(0, 300)}`;
  if (!operation.statuses.includes(status)) return `answered ${status}, which ${operation.path} does not describe`;
  if (!requestId) return "the answer has no x-request-id";
  if (status >= 400) {
    const fault = faultOfRefusal(request, answer);
    if (fault) return `${status}: ${fault}: ${text.slice(0, 300)}`;
  } else if (operation.answer) {
    if (!type.startsWith("application/json")) return `an answer of type ${type}`;
    const checked = zodOf(operation.answer).safeParse(parsed(text));
    if (!checked.success)
      return `the answer is not as described: ${z.prettifyError(checked.error)}: ${text.slice(0, 300)}`;
  }
  const expected = status === 401 || status === 403 ? null : expectedOf(request);
  if (expected === "accepted" && status !== 200) return `refused what the schema allows: ${text.slice(0, 300)}`;
  if (expected === "refused" && status === 200) return `accepted what the schema refuses: ${text.slice(0, 300)}`;
  return null;
}
