import { type Database, inTransaction, prepare } from "./database.ts";

export type Verdict = "ok" | "alarm" | "insufficient" | "immature";
export const severities = ["ok", "info", "warning", "critical"] as const;
export type Severity = (typeof severities)[number];

/**
 * One figure of one monitor pass. NaN where it is not defined; a threshold that does not exist is NaN too.
 * `since` is when the present verdict began.
 */
export interface MonitorResult {
  evaluatedAt: number;
  monitor: string;
  metric: string;
  feature: string | null;
  bin: string | null;
  value: number;
  lower: number;
  upper: number;
  /** Of the value, over windows of its size. */
  standardError: number;
  thresholdLower: number;
  thresholdUpper: number;
  /** How often an undisturbed window is outside the thresholds. */
  chance: number;
  rows: number;
  verdict: Verdict;
  severity: Severity;
  since: number;
  windowFrom: number | null;
  windowTo: number | null;
  modelVersion: string;
  scenario: string;
}

export interface HistoryQuery {
  monitor: string | null;
  feature: string | null;
  metric: string | null;
  from: number;
  to: number;
  limit: number;
}

const numeric = ["value", "lower", "upper", "standardError", "thresholdLower", "thresholdUpper", "chance"] as const;
type Row = Omit<MonitorResult, (typeof numeric)[number]> & Record<(typeof numeric)[number], number | null>;

export type MonitorResultStore = ReturnType<typeof createMonitorResultStore>;

const columns = `evaluated_at AS evaluatedAt, monitor, metric, feature, bin, value, lower, upper, standard_error AS standardError, threshold_lower AS thresholdLower,
  threshold_upper AS thresholdUpper, chance, rows, verdict, severity, since, window_from AS windowFrom, window_to AS windowTo,
  model_version AS modelVersion, scenario`;

// SQLite has no NaN: it stores NULL in its place.
const fromRow = (row: Row): MonitorResult => {
  const result = { ...row } as MonitorResult;
  for (const name of numeric) result[name] = row[name] ?? Number.NaN;
  return result;
};

/** What the monitors found, pass by pass. */
export function createMonitorResultStore(database: Database) {
  const insert = database.prepare(
    `INSERT INTO monitor_results (evaluated_at, monitor, metric, feature, bin, value, lower, upper, standard_error, threshold_lower, threshold_upper,
       chance, rows, verdict, severity, since, window_from, window_to, model_version, scenario)
     VALUES ($evaluatedAt, $monitor, $metric, $feature, $bin, $value, $lower, $upper, $standardError, $thresholdLower, $thresholdUpper,
       $chance, $rows, $verdict, $severity, $since, $windowFrom, $windowTo, $modelVersion, $scenario)`,
  );
  const latest = prepare<Row, []>(
    database,
    // The newest by number: a clock that was set back leaves older passes with later times.
    `SELECT ${columns} FROM monitor_results
     WHERE evaluated_at = (SELECT evaluated_at FROM monitor_results ORDER BY seq DESC LIMIT 1) ORDER BY seq`,
  );
  const history = prepare<
    Row,
    {
      $monitor: string | null;
      $feature: string | null;
      $metric: string | null;
      $from: number;
      $to: number;
      $limit: number;
    }[]
  >(
    database,
    `SELECT ${columns} FROM (
       SELECT * FROM monitor_results
       WHERE ($monitor IS NULL OR monitor = $monitor) AND ($feature IS NULL OR feature = $feature) AND ($metric IS NULL OR metric = $metric)
         AND evaluated_at BETWEEN $from AND $to
       ORDER BY evaluated_at DESC, seq DESC LIMIT $limit)
     ORDER BY evaluated_at, seq`,
  );
  const eraseOld = prepare<null, [number, number]>(
    database,
    "DELETE FROM monitor_results WHERE seq IN (SELECT seq FROM monitor_results WHERE evaluated_at < ? LIMIT ?)",
  );

  return {
    insertAll: (results: readonly MonitorResult[]) =>
      inTransaction(database, () => {
        for (const result of results) insert.run(result as never);
      }),
    /** The results of the last pass. */
    latest: (): MonitorResult[] => latest.all().map(fromRow),
    /** Results of a time range, oldest first; the newest `limit` when there are more. */
    history: ({ monitor, feature, metric, from, to, limit }: HistoryQuery): MonitorResult[] =>
      history.all({ monitor, feature, metric, from, to, limit } as never).map(fromRow),
    eraseBefore: (time: number, limit: number): number => eraseOld.run(time, limit).changes,
  };
}
