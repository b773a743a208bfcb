import type { Dataset } from "../data/ingest.ts";
import type { LabelledTable } from "../data/table.ts";
import { encodeTable } from "../models/encoding.ts";
import { fileOf, type Manifest, manifestFormat } from "../models/manifest.ts";
import { openSession, type Session, scoreColumns } from "../models/session.ts";
import { adaptModel } from "../onnx/adapt.ts";
import { readModel } from "../onnx/reader.ts";
import { createRandom } from "../statistics/random.ts";
import { thresholdMaximisingF1 } from "../statistics/threshold.ts";
import { type ColumnPlan, planColumns } from "./import-columns.ts";
import type { ImportManifest } from "./import-manifest.ts";
import { checkModel, planScores, treeCount } from "./import-signature.ts";
import { calibrate, checkProbabilities, compareSingleRows, probe } from "./import-trial.ts";
import { onnxFile } from "./model.ts";
import { estimateMetrics, measure } from "./performance.ts";
import { permutationImportance } from "./permutation-importance.ts";
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

/** The learner's name is a label of metrics. */
const longestName = 60;

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
    const importance = await permutationImportance(session, plan.features, columns(holdout), holdout.churned, random);
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
