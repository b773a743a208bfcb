import { fieldNames } from "../customer.ts";
import type { FeatureEncoding } from "../models/manifest.ts";
import { type Session, scoreColumns } from "../models/session.ts";
import { logLoss } from "../statistics/probability-scores.ts";
import type { Random } from "../statistics/random.ts";

const importanceRows = 20_000;

/**
 * How much each feature counts: by how much the log loss grows when its column is shuffled, 0 when it does not, as shares.
 * Source: Breiman, "Random Forests" (2001), 10.
 */
export async function permutationImportance(
  session: Session,
  features: readonly FeatureEncoding[],
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
