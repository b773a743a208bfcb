import { z } from "zod";
import type { MonitorResult, MonitorResultStore } from "../storage/monitor-results.ts";
import { monitorNames } from "./finding.ts";
import { type HistoryRequest, type Span, type SpanResults, spans } from "./history.ts";

/** A result is up to 620 bytes. */
const usualHistory = 2_000;
const largestHistory = 10_000;
const moment = z.union(
  [z.iso.datetime({ offset: true }), z.string().regex(/^\d{1,15}$/)],
  "expected an ISO 8601 time or milliseconds since 1970",
);
export const historySchema = z.strictObject({
  monitor: z.string().max(64).optional(),
  feature: z.string().max(64).optional(),
  metric: z.string().max(64).optional(),
  from: moment.optional(),
  to: moment.optional(),
  span: z.enum(Object.keys(spans) as [Span, ...Span[]]).optional(),
  limit: z
    .string()
    .regex(/^\d{1,5}$/)
    .transform(Number)
    .refine((limit) => limit >= 1 && limit <= largestHistory)
    .optional(),
});
const longestHistory = 90 * 86_400_000;

const millisecondsOf = (text: string): number => (/^\d+$/.test(text) ? Number(text) : Date.parse(text));

/** As the documentation of the route tells them. */
export const historyParameters: { name: string; in: "query"; description: string; example: string }[] = [
  {
    name: "monitor",
    in: "query",
    description: monitorNames.join(", "),
    example: "drift",
  },
  { name: "metric", in: "query", description: "psi, roc_auc, missing_ratio …", example: "psi" },
  { name: "feature", in: "query", description: "a field of a customer", example: "montant" },
  {
    name: "from",
    in: "query",
    description: "ISO 8601 time or milliseconds since 1970",
    example: "2026-11-23T12:00:00Z",
  },
  {
    name: "span",
    in: "query",
    description: `${Object.keys(spans).join(", ")}: whole hours, days (UTC) or the last 30 days instead of windows; from sums by the minute, of the last 90 days`,
    example: "hour",
  },
  {
    name: "limit",
    in: "query",
    description: `at most so many results, 1 to ${largestHistory}; ${usualHistory} when absent. Ask for what is older with \`to\`.`,
    example: "1000",
  },
  { name: "to", in: "query", description: "as from; now when absent", example: "2026-11-23T13:00:00Z" },
];

export interface HistorySources {
  results: Pick<MonitorResultStore, "history">;
  /** Results of spans of the version that serves. */
  readHistory(request: HistoryRequest): Promise<MonitorResult[]>;
  now: () => number;
}

/** What is said of spans, as the results of windows are told. */
export const resultsOfSpans = (modelVersion: string, spans: readonly SpanResults[]): MonitorResult[] =>
  spans.flatMap(({ from, to, results }) =>
    results.map(({ unjudged, isRepeated, ...result }) => ({
      ...result,
      evaluatedAt: to,
      windowFrom: from,
      windowTo: to,
      modelVersion,
      // A span may hold several: the results by window say which was played when.
      scenario: "unrecorded",
    })),
  );

/** The results that a query asks for, oldest first: of windows as they were stored, or of spans. */
export async function findHistory(
  query: z.output<typeof historySchema>,
  { results, readHistory, now }: HistorySources,
): Promise<MonitorResult[]> {
  const { monitor = null, feature = null, metric = null, span, limit = usualHistory } = query;
  const to = query.to ? millisecondsOf(query.to) : now();
  const from = query.from ? millisecondsOf(query.from) : 0;
  return span
    ? (await readHistory({ span, from: Math.max(from, to - longestHistory), to }))
        .filter(
          (result) =>
            (monitor ?? result.monitor) === result.monitor &&
            (feature ?? result.feature) === result.feature &&
            (metric ?? result.metric) === result.metric,
        )
        .slice(-limit)
    : results.history({ monitor, feature, metric, from, to, limit });
}
