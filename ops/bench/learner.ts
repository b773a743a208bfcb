import { mkdtempSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { defaultParameters, type LearnerParameters } from "../../src/learner/parameters.ts";
import { logLoss } from "../../src/statistics/probability-scores.ts";
import { createRandom } from "../../src/statistics/random.ts";
import { rankScores, rocAuc } from "../../src/statistics/ranking.ts";
import { median, printTable } from "./table.ts";

const featureCount = 16;
const testRows = 100_000;
const repeats = 3;
/** Trees of LightGBM's default size: with smaller ones less of the time would go into learning. */
const parameters: LearnerParameters = {
  ...defaultParameters,
  rounds: 100,
  maxLeaves: 31,
  minChildWeight: 5,
  earlyStoppingRounds: 0,
};

interface Outcome {
  name: string;
  seconds: number;
  /** Of all threads. */
  processorSeconds: number;
  peakBytes: number;
}

/** Columns like those of a telecom operator: heavy-tailed amounts, counts, and gaps that tell more than the values. */
function makePart(rows: number, seed: number) {
  const random = createRandom(seed);
  const features = Array.from({ length: featureCount }, () => new Float32Array(rows));
  const labels = new Uint8Array(rows);
  const cells = new Float64Array(featureCount);
  for (let row = 0; row < rows; row++) {
    const activity = random.normal();
    for (let f = 0; f < featureCount; f++) {
      const value = 0.7 * activity + 0.7 * random.normal();
      const isGap = f % 3 === 0 && random.uniform() < 1 / (1 + Math.exp(2 * activity + 1));
      const shaped = f % 4 === 0 ? Math.round(10 * Math.exp(value)) : f % 4 === 1 ? Math.exp(2 * value) : value;
      cells[f] = isGap ? Number.NaN : shaped;
      (features[f] as Float32Array)[row] = cells[f] as number;
    }
    const gaps = [0, 3, 6].filter((f) => Number.isNaN(cells[f] as number)).length;
    const interaction = (cells[2] as number) * (cells[7] as number);
    const odds = -2 - 0.8 * activity + 0.9 * gaps + 0.5 * interaction + Math.sin(3 * (cells[10] as number));
    labels[row] = random.uniform() < 1 / (1 + Math.exp(-odds)) ? 1 : 0;
  }
  return { features, labels };
}

async function writePart(folder: string, part: string, rows: number, seed: number): Promise<Uint8Array> {
  const { features, labels } = makePart(rows, seed);
  await Bun.write(join(folder, `${part}.labels`), labels);
  await Bun.write(join(folder, `${part}.features`), new Blob(features));
  return labels;
}

function run(command: string[]): Outcome {
  const { stdout, stderr, exitCode } = Bun.spawnSync(command);
  if (exitCode !== 0) throw new Error(`${command.join(" ")} failed: ${stderr.toString().trim().split("\n").at(-1)}`);
  return JSON.parse(stdout.toString().trim().split("\n").at(-1) as string) as Outcome;
}

async function measureQuality(folder: string, name: string, labels: Uint8Array) {
  const written = await Bun.file(join(folder, `${name}.probabilities`)).arrayBuffer();
  const probabilities = Float64Array.from(new Float32Array(written));
  return { auc: rocAuc(rankScores(probabilities, labels)), loss: logLoss(probabilities, labels) };
}

/** Fits the learner and XGBoost in turns on the same rows; XGBoost needs a Python that has it (PYTHON names another). */
export async function benchLearner({ rows: trainRows = 500_000 }: { rows?: number }): Promise<void> {
  const python = process.env.PYTHON ?? "python3";
  const hasXgboost =
    Bun.which(python) !== null && Bun.spawnSync([python, "-c", "import numpy, xgboost"]).exitCode === 0;
  const folder = mkdtempSync(join(tmpdir(), "learner-bench-"));
  try {
    const featureNames = Array.from({ length: featureCount }, (_, f) => `x${f}`);
    await Bun.write(join(folder, "problem.json"), JSON.stringify({ parameters, featureNames }));
    await writePart(folder, "train", trainRows, 1);
    const labels = await writePart(folder, "test", testRows, 2);
    const loadBefore = loadavg()[0] as number;
    const ours: Outcome[] = [];
    const theirs: Outcome[] = [];
    for (let i = 0; i < repeats; i++) {
      ours.push(run([process.execPath, join(import.meta.dir, "learner-fit.ts"), folder]));
      if (hasXgboost) theirs.push(run([python, join(import.meta.dir, "learner.py"), folder]));
    }
    const figures = async (outcomes: Outcome[], file: string) => {
      const { auc, loss } = await measureQuality(folder, file, labels);
      const peak = median(outcomes.map(({ peakBytes }) => peakBytes));
      const seconds = median(outcomes.map(({ seconds }) => seconds));
      const processorSeconds = median(outcomes.map(({ processorSeconds }) => processorSeconds));
      return { seconds, processorSeconds, peak, auc, loss };
    };
    type Figures = Awaited<ReturnType<typeof figures>>;
    const row = (name: string, f: Figures) => [
      name,
      f.seconds.toFixed(2),
      f.processorSeconds.toFixed(2),
      (f.peak / 1e6).toFixed(0),
      f.auc.toFixed(5),
      f.loss.toFixed(5),
    ];
    const own = await figures(ours, "ours");
    const lines = [["", "fit (s)", "processor (s)", "peak (MB)", "ROC AUC", "log loss"], row("churnwatch", own)];
    if (hasXgboost) {
      const other = await figures(theirs, "xgboost");
      lines.push(row(theirs[0]?.name ?? "XGBoost", other), [
        "ratio",
        (own.seconds / other.seconds).toFixed(2),
        (own.processorSeconds / other.processorSeconds).toFixed(2),
        (own.peak / other.peak).toFixed(2),
        (own.auc / other.auc).toFixed(4),
        (own.loss / other.loss).toFixed(4),
      ]);
    }
    const { rounds, maxLeaves, learningRate, maxBins, threads } = parameters;
    printTable(
      `Learning: ${trainRows.toLocaleString("en")} rows × ${featureCount}, ${rounds} trees of ${maxLeaves} leaves at ${learningRate}, ${maxBins - 1} bins, ${threads} threads, medians of ${repeats} runs`,
      lines,
    );
    // Threads that wait for each other suffer from a busy machine, XGBoost's more than ours: such ratios mean nothing.
    if (loadBefore > 0.5)
      process.stdout.write(`not a fair run: the machine was busy before it (load ${loadBefore.toFixed(1)})\n`);
    if (!hasXgboost) {
      process.stdout.write(
        `no baseline: ${python} cannot import numpy and xgboost; install them, or name another with PYTHON\n`,
      );
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
