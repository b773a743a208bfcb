import { join } from "node:path";
import { type Dataset, openDataset } from "../data/ingest.ts";
import { defaultParameters, type LearnerParameters } from "../learner/parameters.ts";
import { encodeTable } from "../models/encoding.ts";
import { openSession, scoreColumns } from "../models/session.ts";
import { logLoss } from "../statistics/probability-scores.ts";
import { rankScores, rocAuc } from "../statistics/ranking.ts";
import { type TrainedModel, trainModel } from "../training/model.ts";

/** Where real customers lie beside the project, when they do: they are no part of it. */
export const realData = join(import.meta.dir, "../../../shared/data/expresso");
export const labelledRealRows = join(realData, "labelled_rows.csv");

/** Trains as `bun run train` does, and says nothing. */
export function trainQuietly(
  dataset: Dataset,
  parameters: LearnerParameters = defaultParameters,
): Promise<TrainedModel> {
  return trainModel({
    dataset,
    parameters,
    version: "quiet",
    now: () => 0,
    onStage: () => {},
    onRound: () => {},
    onWarning: () => {},
    signal: new AbortController().signal,
  });
}

/** How well what is learned from one file, at the default parameters, tells the customers of another. */
export async function learnAndJudge(
  learned: string,
  judged: string,
): Promise<{ rows: number; rocAuc: number; logLoss: number }> {
  const dataset = await openDataset(learned);
  const { manifest, onnx } = await trainQuietly(dataset);
  dataset.close();
  const others = await openDataset(judged);
  const { table } = await others.readAll();
  others.close();
  const session = await openSession(onnx, manifest.features.length);
  const scores = Float64Array.from(await scoreColumns(session, encodeTable(manifest.features, table)));
  await session.release();
  return {
    rows: table.rows,
    rocAuc: rocAuc(rankScores(scores, table.churned)),
    logLoss: logLoss(scores, table.churned),
  };
}
