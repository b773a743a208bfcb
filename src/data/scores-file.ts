import { closeSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { AppError, messageOf } from "../errors.ts";
import { literal } from "./customer-file.ts";

export interface ScoredCustomer {
  userId: string;
  probability: number;
  churn: boolean;
}

const cell = (text: string): string => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/**
 * Writes scores as CSV, or as Parquet for a name that ends so; the file appears whole or not at all.
 * @param write is handed the writer of one batch, and returns when all are written
 * @throws AppError `unavailable` when it cannot be written.
 */
export async function writeScores(
  file: string,
  modelVersion: string,
  write: (add: (scored: readonly ScoredCustomer[]) => void) => Promise<void>,
): Promise<void> {
  const temporary = `${file}.writing-${process.pid}`;
  const isParquet = /\.parquet$/i.test(file);
  const failed = (error: unknown): AppError =>
    new AppError("unavailable", `cannot write ${file}: ${messageOf(error)}`, { cause: error });
  let descriptor: number;
  try {
    mkdirSync(dirname(file), { recursive: true });
    descriptor = openSync(temporary, "w");
  } catch (error) {
    throw failed(error);
  }
  try {
    const put = (text: string): void => {
      try {
        writeSync(descriptor, text);
      } catch (error) {
        throw failed(error);
      }
    };
    put("user_id,probability,churn,model_version\n");
    const version = cell(modelVersion);
    await write((scored) =>
      put(
        scored
          .map(({ userId, probability, churn }) => `${cell(userId)},${probability},${churn ? 1 : 0},${version}\n`)
          .join(""),
      ),
    );
    closeSync(descriptor);
    if (isParquet) await toParquet(temporary, `${temporary}.parquet`).catch((error) => Promise.reject(failed(error)));
    renameSync(isParquet ? `${temporary}.parquet` : temporary, file);
  } finally {
    for (const left of [temporary, `${temporary}.parquet`]) rmSync(left, { force: true });
  }
}

async function toParquet(csv: string, parquet: string): Promise<void> {
  const instance = await DuckDBInstance.create(":memory:", { memory_limit: "256MB", threads: "2" });
  const connection = await instance.connect();
  try {
    await connection.run(
      `COPY (SELECT * FROM read_csv(${literal(csv)}, header = true, columns = {user_id: 'VARCHAR', probability: 'DOUBLE', churn: 'UTINYINT', model_version: 'VARCHAR'}, auto_detect = false, delim = ',', quote = '"', escape = '"')) TO ${literal(parquet)} (FORMAT parquet)`,
    );
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
