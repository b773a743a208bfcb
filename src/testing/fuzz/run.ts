import fc from "fast-check";
import { readOperations } from "./api.ts";
import { faultOf } from "./judge.ts";
import { type FuzzRequest, requestsTo } from "./requests.ts";

const together = 100;
const patience = 10_000;

export interface FuzzOptions {
  url: string;
  /** API keys of the service; the first may do everything. */
  keys: readonly string[];
  cases: number;
  seed: number;
}

export interface FuzzResult {
  cases: number;
  /** Answers by status; 0 stands for none within 10 s. */
  statuses: Map<number, number>;
  /** The smallest requests found whose answers were wrong, and what was wrong; null when all were right. */
  failure: string | null;
}

/** Sends requests to every route of a running service, `together` at a time, and judges each answer. */
export async function fuzzRoutes({ url, keys, cases, seed }: FuzzOptions): Promise<FuzzResult> {
  const statuses = new Map<number, number>();
  let sent = 0;

  async function send(request: FuzzRequest): Promise<string | null> {
    const { operation, path, headers, body } = request;
    sent++;
    const count = (status: number) => void statuses.set(status, (statuses.get(status) ?? 0) + 1);
    try {
      const response = await fetch(url + path, {
        method: operation.method,
        headers,
        ...(body !== undefined && { body }),
        signal: AbortSignal.timeout(patience),
      });
      count(response.status);
      const isOpen = operation.isStream && response.status === 200;
      if (isOpen) await response.body?.cancel();
      return faultOf(request, {
        status: response.status,
        type: response.headers.get("content-type") ?? "",
        requestId: response.headers.get("x-request-id"),
        text: isOpen ? "" : await response.text(),
      });
    } catch (error) {
      count(0);
      return `no answer: ${error}`;
    }
  }

  const requests = fc.array(requestsTo(await readOperations(url), keys), { minLength: together, maxLength: together });
  const property = fc.asyncProperty(requests, async (batch) => {
    const faults = await Promise.all(batch.map(send));
    const i = faults.findIndex((fault) => fault !== null);
    if (i < 0) return;
    const { operation, intent, path, headers, body } = batch[i] as FuzzRequest;
    const shown = JSON.stringify({ intent, path, headers, body: String(body).slice(0, 1000) });
    throw new Error(`${operation.method} ${operation.path}: ${faults[i]}\n${shown}`);
  });
  const details = await fc.check(property, { seed, numRuns: Math.ceil(cases / together), endOnFailure: true });
  return {
    cases: sent,
    statuses,
    failure: details.failed ? String((details.errorInstance as Error | null)?.message ?? "interrupted") : null,
  };
}
