import { columnOf, userIdColumn } from "../customer.ts";
import { AppError } from "../errors.ts";
import { cellsOf, chunksOf } from "./chunk.ts";
import { literal, openFile, unreadable } from "./customer-file.ts";

/** How one column becomes a feature: a number as it is, a category by its code (`other` for one that is not listed). */
export type StreamedFeature =
  | { name: string; kind: "numeric" }
  | { name: string; kind: "categorical"; codes: ReadonlyMap<string, number>; other: number };

export interface FeatureBatch {
  userIds: string[];
  /** Row-major, float32, NaN for missing. */
  features: Float32Array;
}

export interface FeatureStream {
  warnings: string[];
  /** Rows in the order of the file, in batches of at least `size`, the last one smaller. @throws AppError `invalid_data` */
  batches(size: number): AsyncGenerator<FeatureBatch>;
  close(): void;
}

// No amount is negative, so that marks a cell that is not a number.
const notANumber = -1;

/**
 * Reads the features of customers from a CSV, gzipped CSV or Parquet file as it streams: memory does not grow with the file.
 * @throws AppError `not_found` or `invalid_data`, with what to do.
 */
export async function openFeatureStream(
  file: string,
  features: readonly StreamedFeature[],
  threads: number,
): Promise<FeatureStream> {
  const { connection, warnings, table, text, close } = await openFile(file, {
    labelled: false,
    threads,
    memory: "256MB",
  });

  const numeric = (cell: string): string =>
    `CASE WHEN ${cell} IS NULL OR trim(${cell}) = '' THEN 'NaN'::FLOAT ELSE coalesce(CASE WHEN isfinite(try_cast(${cell} AS FLOAT)) THEN try_cast(${cell} AS FLOAT) END, ${notANumber}::FLOAT) END`;
  const category = (cell: string, codes: ReadonlyMap<string, number>, other: number): string => {
    const levels = [...codes.keys()];
    const places = `[${levels.map((level) => codes.get(level)).join(", ")}]`;
    const code =
      levels.length === 0 ? "NULL" : `${places}[list_position([${levels.map(literal).join(", ")}], ${cell})]`;
    return `CASE WHEN ${cell} IS NULL THEN 'NaN'::FLOAT ELSE coalesce(${code}, ${other})::FLOAT END`;
  };
  const selected = features.map((feature) => {
    const cell = text(columnOf(feature.name as never));
    return feature.kind === "numeric" ? numeric(cell) : category(cell, feature.codes, feature.other);
  });

  function check(batch: FeatureBatch, firstRow: number): FeatureBatch {
    const width = features.length;
    batch.userIds.forEach((userId, i) => {
      const bad = userId === "" ? -1 : features.findIndex((_, f) => (batch.features[i * width + f] as number) < 0);
      if (userId !== "" && bad < 0) return;
      const what =
        userId === ""
          ? `${userIdColumn} is blank`
          : `${columnOf(features[bad]?.name as never)} must be a number that is not negative, or blank for missing`;
      throw new AppError("invalid_data", `${file}, data row ${firstRow + i}: ${what}`);
    });
    return batch;
  }

  async function* batches(size: number): AsyncGenerator<FeatureBatch> {
    const width = features.length;
    let userIds: string[] = [];
    let values = new Float32Array(size * width);
    let firstRow = 1;
    try {
      const query = `SELECT coalesce(${text(userIdColumn)}, ''), ${selected.join(", ")} FROM ${table}`;
      for await (const chunk of chunksOf(connection, query)) {
        const rows = chunk.rowCount;
        const start = userIds.length;
        if ((start + rows) * width > values.length) {
          const larger = new Float32Array(2 * (start + rows) * width);
          larger.set(values.subarray(0, start * width));
          values = larger;
        }
        const ids = chunk.getColumnVector(0);
        for (let row = 0; row < rows; row++) userIds.push(String(ids.getItem(row)));
        features.forEach((_, f) => {
          const cells = cellsOf(chunk, 1 + f);
          for (let row = 0; row < rows; row++) values[(start + row) * width + f] = cells[row] as number;
        });
        if (userIds.length < size) continue;
        yield check({ userIds, features: values.slice(0, userIds.length * width) }, firstRow);
        firstRow += userIds.length;
        userIds = [];
      }
      if (userIds.length > 0) yield check({ userIds, features: values.slice(0, userIds.length * width) }, firstRow);
    } catch (error) {
      throw unreadable(file, error);
    }
  }

  return { warnings, batches, close };
}
