import { fieldNames } from "../customer.ts";
import type { Dataset } from "../data/ingest.ts";
import type { LabelledTable } from "../data/table.ts";
import { AppError, messageOf } from "../errors.ts";
import { encodeTable } from "../models/encoding.ts";
import { fileOf, type Manifest, manifestFormat } from "../models/manifest.ts";
import { openSession, type Session, scoreColumns, shapeOfScores } from "../models/session.ts";
import { adaptModel, boundedLogOdds, prefix } from "../onnx/adapt.ts";
import { type OnnxDescription, readModel } from "../onnx/reader.ts";
import { fitPlatt } from "../statistics/calibration.ts";
import { logLoss } from "../statistics/probability-scores.ts";
import { createRandom, type Random } from "../statistics/random.ts";
import { thresholdMaximisingF1 } from "../statistics/threshold.ts";
import { type ColumnPlan, planColumns } from "./import-columns.ts";
import type { ImportManifest } from "./import-manifest.ts";
import { checkModel, planScores, type ScorePlan, treeCount } from "./import-signature.ts";
import { onnxFile } from "./model.ts";
import { estimateMetrics, measure } from "./performance.ts";
import { profileReference } from "./reference.ts";

export interface ImportOptions {
  /** The content of the ONNX file, and its name. */
  onnx: Uint8Array;
  name: string;
  manifest: ImportManifest;
  dataset: Dataset;
  version: string;
  seed: number;
  now: () => number;
  onStage(stage: string): void;
  onWarning(warning: string): void;
}

const probedRows = 32;
const singleRows = 200;
/** The learner's name is a label of metrics. */
const longestName = 60;
const importanceRows = 20_000;
/** Sums of float32 are that far from 0–1 at most. */
const tolerance = 1e-5;
const parityLimit = 1e-5;

/**
 * Makes a version of this program of a model of another tool: its signature checked, adapted to the one that serves, run over
 * all rows of a data set, calibrated and given a threshold on validation, evaluated on the holdout, with a reference profile.
 * @throws AppError `invalid_data` when the file is no such model, or what it gives are no probabilities of churn.
 */
export async function importModel(options: ImportOptions): Promise<{ manifest: Manifest; onnx: Uint8Array }> {
  const { onnx, name, manifest: told, dataset, version, seed, now, onStage, onWarning } = options;
  const start = now();
  onStage(`reading ${name}`);
  const description = readModel(onnx);
  checkModel(description);
  onStage(`reading ${dataset.rows.toLocaleString("en")} customers of ${dataset.name}`);
  const [train, validation, holdout] = [
    await dataset.read("train"),
    await dataset.read("validation"),
    await dataset.read("holdout"),
  ];
  const plan = planColumns(description, told, train);
  const columns = (table: LabelledTable) => encodeTable(plan.features, table);

  onStage("trying it");
  const scores = planScores(description, told, await probe(onnx, description, told, plan, columns(holdout)));
  const adapt = (calibration: { slope: number; intercept: number } | null, metadata: Record<string, string> = {}) =>
    adaptModel(onnx, {
      ...plan,
      scores: scores.name,
      output: { column: scores.column, calibration },
      metadata,
    });
  // Looked at before calibration: a runtime's Sigmoid may make a number of NaN.
  const calibration = await withSession(adapt(null), plan, async (session) => {
    for (const table of [train, holdout])
      checkProbabilities(await scoreColumns(session, columns(table)), table, scores);
    const uncalibrated = await scoreColumns(session, columns(validation));
    checkProbabilities(uncalibrated, validation, scores);
    return calibrate(uncalibrated, validation);
  });
  const { sha256 } = fileOf(name, onnx);
  const adapted = adapt(told.calibrate === false ? null : calibration, {
    "churnwatch.version": version,
    "churnwatch.imported": JSON.stringify({ file: name, sha256 }),
  });

  return withSession(adapted, plan, async (session) => {
    onStage("evaluating");
    const score = async (table: LabelledTable) => Float64Array.from(await scoreColumns(session, columns(table)));
    const probabilities = {
      train: await score(train),
      validation: await score(validation),
      holdout: await score(holdout),
    };
    const threshold = Math.fround(
      told.threshold ?? thresholdMaximisingF1(probabilities.validation, validation.churned),
    );
    const parity = await compareSingleRows(session, columns(holdout), probabilities.holdout);
    const random = createRandom(seed);
    const importance = await permutationImportance(session, plan, columns(holdout), holdout.churned, random);
    onStage("learning what is usual");
    const reference = await profileReference({
      train,
      reference: { table: validation, probabilities: probabilities.validation },
      holdout: { table: holdout, probabilities: probabilities.holdout },
      threshold,
      random,
      onWarning,
    });
    const importedAt = now();
    const manifest: Manifest = {
      format: manifestFormat,
      version,
      trainedAt: importedAt,
      durationSeconds: (importedAt - start) / 1000,
      learner: {
        name: description.producer.slice(0, longestName) || "unknown",
        parameters: {},
        trees: treeCount(description),
      },
      data: {
        file: dataset.name,
        rows: dataset.rows,
        splits: { train: train.rows, validation: validation.rows, holdout: holdout.rows },
        warnings: [...dataset.warnings],
      },
      features: plan.features,
      calibration: told.calibrate === false ? { slope: 1, intercept: 0 } : calibration,
      threshold,
      importance,
      performance: {
        train: measure(probabilities.train, train, threshold),
        validation: measure(probabilities.validation, validation, threshold),
        holdout: measure(probabilities.holdout, holdout, threshold),
      },
      estimated: estimateMetrics(probabilities.holdout, threshold),
      parity,
      reference,
      onnx: fileOf(onnxFile, adapted),
      imported: { file: name, sha256, producer: description.producer },
    };
    return { manifest, onnx: adapted };
  });
}

/** Runs a model on some rows. @returns the shape of its scores */
async function probe(
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

async function withSession<T>(
  onnx: Uint8Array,
  { features }: ColumnPlan,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await openSession(onnx, features.length);
  try {
    return await use(session);
  } finally {
    await session.release();
  }
}

function checkProbabilities(probabilities: Float32Array, table: LabelledTable, { name }: ScorePlan): void {
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

function calibrate(probabilities: Float32Array, { churned }: LabelledTable): { slope: number; intercept: number } {
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

/** The probability of a customer must not depend on who else is asked about. */
async function compareSingleRows(
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

/**
 * How much each feature counts: by how much the log loss grows when its column is shuffled, 0 when it does not, as shares.
 * Source: Breiman, "Random Forests" (2001), 10.
 */
async function permutationImportance(
  session: Session,
  { features }: ColumnPlan,
  columns: readonly Float32Array[],
  churned: Uint8Array,
  random: Random,
): Promise<Record<string, number>> {
  const some = columns.map((column) => column.subarray(0, importanceRows));
  const labels = churned.subarray(0, importanceRows);
  const lossOf = async (given: readonly Float32Array[]) =>
    logLoss(Float64Array.from(await scoreColumns(session, given)), labels);
  const usual = await lossOf(some);
  const costs: number[] = [];
  for (const [f, column] of some.entries()) {
    const shuffled = random.shuffle(column.slice());
    costs.push(Math.max(0, (await lossOf(some.with(f, shuffled))) - usual));
  }
  const total = costs.reduce((sum, cost) => sum + cost, 0);
  const shares = features.map(({ name }, f) => [name, total > 0 ? (costs[f] as number) / total : 0]);
  // What the model does not read counts nothing.
  return { ...Object.fromEntries(fieldNames.map((name) => [name, 0])), ...Object.fromEntries(shares) };
}
