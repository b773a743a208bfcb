import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDataset } from "../../src/data/ingest.ts";
import { writeSample } from "../../src/data/sample.ts";
import { defaultParameters, type LearnerParameters } from "../../src/learner/parameters.ts";
import { type CrossValidation, crossValidate } from "../../src/training/cross-validation.ts";
import { printTable } from "./table.ts";

const folds = 3;
const timeLimit = 9 * 60_000;

/** The defaults, then what differs from them: the size of the trees in every combination, the others one at a time. */
const settings: Partial<LearnerParameters>[] = [
  {},
  { maxLeaves: 7 },
  { maxLeaves: 31 },
  { maxLeaves: 63 },
  { minChildWeight: 5 },
  { maxLeaves: 7, minChildWeight: 5 },
  { maxLeaves: 31, minChildWeight: 5 },
  { maxLeaves: 63, minChildWeight: 5 },
  { minChildWeight: 100 },
  { learningRate: 0.05 },
  { learningRate: 0.2 },
  { lambda: 10 },
  { featureFraction: 0.7 },
  { baggingFraction: 0.7 },
  { maxBins: 64 },
];

const nameOf = (setting: Partial<LearnerParameters>): string =>
  Object.entries(setting)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ") || "defaults";

/** Cross-validates settings of the learner on synthetic customers, as many as the time allows. */
export async function benchParameters({ rows = 200_000 }: { rows?: number }): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "parameters-bench-"));
  try {
    const file = join(folder, "sample.csv");
    writeSample(file, { rows, seed: 1 }, () => {});
    const dataset = await openDataset(file);
    const all = await dataset.readAll();
    dataset.close();
    const signal = AbortSignal.timeout(timeLimit);
    const measured: { name: string; result: CrossValidation }[] = [];
    for (const setting of settings) {
      try {
        const parameters = { ...defaultParameters, ...setting };
        const result = await crossValidate({
          rows: all,
          folds,
          parameters,
          now: performance.now.bind(performance),
          signal,
        });
        measured.push({ name: nameOf(setting), result });
        process.stderr.write(`${measured.length} of ${settings.length}: ${nameOf(setting)}\n`);
      } catch (error) {
        if (!signal.aborted) throw error;
        break;
      }
    }
    const defaults = measured[0]?.result;
    const { rounds, learningRate, maxLeaves, minChildWeight, lambda, maxBins, earlyStoppingRounds } = defaultParameters;
    printTable(
      `Parameters: ${folds}-fold cross-validation on ${rows.toLocaleString("en")} synthetic customers. Defaults: at most ${rounds} rounds, stopping after ${earlyStoppingRounds} without gain, learningRate ${learningRate}, maxLeaves ${maxLeaves}, minChildWeight ${minChildWeight}, lambda ${lambda}, maxBins ${maxBins}, all rows and features for each tree`,
      [
        ["setting", "log loss", "less defaults, by fold", "ROC AUC", "rounds", "seconds a fold"],
        ...measured.map(({ name, result }) => [
          name,
          result.mean.logLoss.toFixed(5),
          defaults && result !== defaults ? pairedDifference(result, defaults) : "",
          result.mean.rocAuc.toFixed(5),
          result.mean.rounds.toFixed(0),
          result.mean.seconds.toFixed(1),
        ]),
      ],
    );
    if (measured.length < settings.length)
      process.stdout.write(
        `not reached within ${timeLimit / 60_000} minutes: ${settings.slice(measured.length).map(nameOf).join("; ")}\n`,
      );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Mean difference in log loss over the folds, which are the same rows for both, and its standard error. */
function pairedDifference(one: CrossValidation, other: CrossValidation): string {
  const differences = one.folds.map(({ logLoss }, fold) => logLoss - (other.folds[fold]?.logLoss as number));
  const mean = differences.reduce((sum, value) => sum + value, 0) / folds;
  const variance = differences.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (folds - 1);
  return `${mean < 0 ? "−" : "+"}${Math.abs(mean).toFixed(5)} ± ${Math.sqrt(variance / folds).toFixed(5)}`;
}
