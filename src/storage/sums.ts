import { type Database, inTransaction, prepare } from "./database.ts";

/** Sums over the predictions of a model version that were made in one minute or hour, to be added to others. */
export interface SumsRow {
  modelVersion: string;
  /** Beginning, milliseconds since the epoch. */
  start: number;
  rows: number;
  sums: Float64Array;
}

/** The last prediction and the last label event that are in the sums. */
export interface SumsProgress {
  predictions: number;
  labels: number;
}

interface StoredSums {
  start: number;
  rows: number;
  sums: Uint8Array;
}

export type SumsStore = ReturnType<typeof createSumsStore>;

const progressKey = "sums.progress";
const hour = 3_600_000;

const numbersOf = (bytes: Uint8Array): Float64Array => new Float64Array(bytes.slice().buffer);
const bytesOf = (numbers: Float64Array): Uint8Array => new Uint8Array(numbers.slice().buffer);

function addTo(sums: Float64Array, others: Float64Array): void {
  for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] as number) + (others[i] as number);
}

/**
 * Sums over predictions by minute, and by hour once they are old. Each writer has rows of its own, so that several could write;
 * whoever reads adds them up.
 */
export function createSumsStore(database: Database, writer = "service") {
  const get = prepare<StoredSums, [string, string, number, string]>(
    database,
    `SELECT start, rows, sums FROM prediction_sums
     WHERE span = ? AND model_version = ? AND start = ? AND writer = ?`,
  );
  const put = prepare<null, [string, number, string, string, number, Uint8Array]>(
    database,
    `INSERT INTO prediction_sums (span, start, model_version, writer, rows, sums) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET rows = excluded.rows, sums = excluded.sums`,
  );
  const between = prepare<StoredSums, [string, number, number]>(
    database,
    `SELECT start, rows, sums FROM prediction_sums
     WHERE span IN ('minute', 'hour') AND model_version = ? AND start >= ? AND start < ? ORDER BY start`,
  );
  const progress = prepare<{ value: string }, [string]>(database, "SELECT value FROM state WHERE name = ?");
  const putProgress = prepare<null, [string, string]>(
    database,
    "INSERT INTO state (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
  );
  const oldMinutes = prepare<{ modelVersion: string; start: number }, [string, number, number]>(
    database,
    `SELECT model_version AS modelVersion, start FROM prediction_sums
     WHERE span = 'minute' AND writer = ? AND start < ? ORDER BY start LIMIT ?`,
  );
  const eraseMinute = prepare<null, [string, number, string]>(
    database,
    "DELETE FROM prediction_sums WHERE span = 'minute' AND model_version = ? AND start = ? AND writer = ?",
  );
  const eraseOld = prepare<null, [number, number]>(
    database,
    `DELETE FROM prediction_sums WHERE (span, model_version, start, writer) IN
     (SELECT span, model_version, start, writer FROM prediction_sums WHERE start < ? LIMIT ?)`,
  );

  function add(span: "minute" | "hour", { modelVersion, start, rows, sums }: SumsRow): void {
    const before = get.get(span, modelVersion, start, writer);
    const total = before ? numbersOf(before.sums) : new Float64Array(sums.length);
    addTo(total, sums);
    put.run(span, start, modelVersion, writer, rows + (before?.rows ?? 0), bytesOf(total));
  }

  return {
    progress: (): SumsProgress =>
      JSON.parse(progress.get(progressKey)?.value ?? '{"predictions":0,"labels":0}') as SumsProgress,
    /** Adds to the minutes, and remembers up to where, in one transaction. */
    add: (rows: readonly SumsRow[], upTo: SumsProgress) =>
      inTransaction(database, () => {
        for (const row of rows) add("minute", row);
        putProgress.run(progressKey, JSON.stringify(upTo));
      }),
    /** All that begins in a range of time, minutes and hours of all writers; oldest first. */
    *between(modelVersion: string, from: number, to: number): Iterable<SumsRow> {
      for (const { sums, ...row } of between.iterate(modelVersion, from, to))
        yield { ...row, modelVersion, sums: numbersOf(sums) };
    },
    /** Turns minutes that began before a time into hours, at most `limit` of them. @returns how many. */
    rollUp: (before: number, limit: number): number =>
      inTransaction(database, () => {
        const minutes = oldMinutes.all(writer, before, limit);
        for (const { modelVersion, start } of minutes) {
          const { rows, sums } = get.get("minute", modelVersion, start, writer) as StoredSums;
          add("hour", { modelVersion, start: Math.floor(start / hour) * hour, rows, sums: numbersOf(sums) });
          eraseMinute.run(modelVersion, start, writer);
        }
        return minutes.length;
      }),
    eraseBefore: (time: number, limit: number): number => eraseOld.run(time, limit).changes,
  };
}
