import { InferenceSession, Tensor } from "onnxruntime-node";
import { AppError, messageOf } from "../errors.ts";

/** A loaded model. `score` takes rows × features, row by row, and gives one probability a row; `release` lets running scores end. */
export interface Session {
  readonly featureCount: number;
  score(features: Float32Array, rows: number): Promise<Float32Array>;
  release(): Promise<void>;
}

/** What the runtime says, without places in its own source. */
const reasonOf = (error: unknown): string =>
  messageOf(error)
    .replace(/^\S*onnxruntime_src\S+ .*?\) (?=[A-Z])/s, "")
    .replace(/\S*onnxruntime_src\S+ [^()]*\([^()]*\) /g, "")
    .trim();

async function create(onnx: Uint8Array | string, threads: number): Promise<InferenceSession> {
  const options: InferenceSession.SessionOptions = {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: "all",
    // It warns of what a model of another tool has and does not use, and says again what it throws.
    logSeverityLevel: 4,
  };
  try {
    return typeof onnx === "string"
      ? await InferenceSession.create(onnx, options)
      : await InferenceSession.create(onnx, options);
  } catch (error) {
    throw new AppError("unavailable", `the ONNX model cannot be loaded: ${reasonOf(error)}`, { cause: error });
  }
}

/**
 * The shape of the output `scores` of a model whose input is a float matrix `features`, for some rows of it.
 * @throws AppError `unavailable` when the model cannot be loaded or run.
 */
export async function shapeOfScores(
  onnx: Uint8Array,
  features: Float32Array,
  rows: number,
): Promise<readonly number[]> {
  const session = await create(onnx, 1);
  try {
    const given = { features: new Tensor("float32", features, [rows, features.length / rows]) };
    return ((await session.run(given, ["scores"])).scores as Tensor).dims;
  } catch (error) {
    throw new AppError("unavailable", `the ONNX model cannot be run: ${reasonOf(error)}`, { cause: error });
  } finally {
    await session.release();
  }
}

/**
 * Loads an ONNX model whose input is a float matrix `features` and whose output is `probability`.
 * @param threads that score; with one, the thread that asks
 * @throws AppError `unavailable` when the file cannot be read as such a model.
 */
export async function openSession(onnx: Uint8Array | string, featureCount: number, threads = 1): Promise<Session> {
  const session = await create(onnx, threads);
  const running = new Set<Promise<unknown>>();
  return {
    featureCount,
    async score(features, rows) {
      const run = session.run({ features: new Tensor("float32", features, [rows, featureCount]) }, ["probability"]);
      running.add(run);
      try {
        return (await run).probability?.data as Float32Array;
      } finally {
        running.delete(run);
      }
    },
    async release() {
      await Promise.allSettled(running);
      await session.release();
    },
  };
}

const slice = 4096;

/** Probabilities of rows given by column, in slices between which other work can be done. */
export async function scoreColumns(session: Session, columns: readonly Float32Array[]): Promise<Float32Array> {
  const rows = columns[0]?.length ?? 0;
  const probabilities = new Float32Array(rows);
  for (let start = 0; start < rows; start += slice) {
    const count = Math.min(slice, rows - start);
    const matrix = new Float32Array(count * columns.length);
    columns.forEach((column, f) => {
      for (let i = 0; i < count; i++) matrix[i * columns.length + f] = column[start + i] as number;
    });
    probabilities.set(await session.score(matrix, count), start);
  }
  return probabilities;
}
