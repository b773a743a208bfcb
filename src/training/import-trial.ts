import type { LabelledTable } from "../data/table.ts";
import { AppError, messageOf } from "../errors.ts";
import type { Manifest } from "../models/manifest.ts";
import { type Session, shapeOfScores } from "../models/session.ts";
import { adaptModel, boundedLogOdds, prefix } from "../onnx/adapt.ts";
import type { OnnxDescription } from "../onnx/reader.ts";
import { fitPlatt } from "../statistics/calibration.ts";
import type { ColumnPlan } from "./import-columns.ts";
import type { ImportManifest } from "./import-manifest.ts";
import { planScores, type ScorePlan } from "./import-signature.ts";

const probedRows = 32;
const singleRows = 200;
/** Sums of float32 are that far from 0–1 at most. */
const tolerance = 1e-5;
const parityLimit = 1e-5;

/**
 * Runs a model on some rows.
 * @returns the shape of its scores
 * @throws AppError `invalid_data` when it does not run, or gives no row for each customer.
 */
export async function probe(
  onnx: Uint8Array,
  description: OnnxDescription,
  told: ImportManifest,
  plan: ColumnPlan,
  columns: readonly Float32Array[],
): Promise<readonly number[]> {
  const rows = Math.min(probedRows, columns[0]?.length ?? 0);
  const features = new Float32Array(rows * columns.length);
  columns.forEach((column, f) => {
    for (let row = 0; row < rows; row++) features[row * columns.length + f] = column[row] as number;
  });
  const { name } = planScores(description, told, null);
  const adapted = adaptModel(onnx, { ...plan, scores: name, output: "scores", metadata: {} });
  try {
    const dims = await shapeOfScores(adapted, features, rows);
    if (dims[0] !== rows)
      throw new Error(
        `output ${name} has the shape ${dims.join(" × ")} for ${rows} customers: one row each is expected`,
      );
    return dims;
  } catch (error) {
    const message = messageOf(error).replaceAll(prefix, "");
    throw new AppError("invalid_data", `${message}${hintOfFixedRows(description)}`, { cause: error });
  }
}

/** Many models whose rows are declared take any number all the same: it is named only where one did not. */
function hintOfFixedRows({ inputs }: OnnxDescription): string {
  const fixed = inputs.find(({ type }) => type.kind === "tensor" && typeof type.shape?.[0] === "number");
  if (fixed?.type.kind !== "tensor") return "";
  return `; its input ${fixed.name} has a fixed number of rows (${fixed.type.shape?.[0]}): export it with an open one`;
}

/** @throws AppError `invalid_data` for scores that are no probabilities. */
export function checkProbabilities(probabilities: Float32Array, table: LabelledTable, { name }: ScorePlan): void {
  const unknown = probabilities.reduce((count, p) => count + (Number.isNaN(p) ? 1 : 0), 0);
  if (unknown > 0) {
    throw new AppError(
      "invalid_data",
      `output ${name} is NaN for ${unknown} of ${table.rows} customers: if the model knows no NaN, say in the manifest what stands for missing ({"name":"montant","missing":0})`,
    );
  }
  const outside = probabilities.find((p) => p < -tolerance || p > 1 + tolerance);
  if (outside !== undefined) {
    throw new AppError(
      "invalid_data",
      `output ${name} gives ${outside}, which is no probability: export the probabilities, not the raw scores, or name their output in the manifest ("probabilities")`,
    );
  }
}

/**
 * Platt scaling of the log-odds.
 * @throws AppError `invalid_data` when the probabilities do not tell those who churned.
 */
export function calibrate(
  probabilities: Float32Array,
  { churned }: LabelledTable,
): { slope: number; intercept: number } {
  if (probabilities.every((probability) => probability === probabilities[0]))
    throw new AppError(
      "invalid_data",
      "all customers get the same probability: check the columns and their codes in the manifest",
    );
  const calibration = fitPlatt(Float64Array.from(probabilities, boundedLogOdds), churned);
  if (calibration.slope > 0) return calibration;
  throw new AppError(
    "invalid_data",
    `those who churned get no higher probabilities than those who stayed: name the other class in the manifest ("churn_class"), or the right columns`,
  );
}

/**
 * How far the probability of a customer is from the one among others: it must not depend on who else is asked about.
 * @throws AppError `invalid_data` when it does.
 */
export async function compareSingleRows(
  session: Session,
  columns: readonly Float32Array[],
  together: Float64Array,
): Promise<Manifest["parity"]> {
  const rows = Math.min(singleRows, together.length);
  let maximumDifference = 0;
  for (let row = 0; row < rows; row++) {
    const [alone] = await session.score(
      Float32Array.from(columns, (column) => column[row] as number),
      1,
    );
    maximumDifference = Math.max(maximumDifference, Math.abs((alone as number) - (together[row] as number)));
  }
  if (maximumDifference <= parityLimit) return { rows, maximumDifference };
  throw new AppError(
    "invalid_data",
    `a customer alone gets another probability than among others (by ${maximumDifference}): the model mixes rows`,
  );
}
