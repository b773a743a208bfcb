import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultParameters } from "../../src/learner/parameters.ts";
import { createRegistry } from "../../src/models/registry.ts";
import { openStores } from "../../src/storage/stores.ts";
import { watchPeak } from "./peak-memory.ts";
import { printTable } from "./table.ts";
import { runScript } from "./trained-model.ts";

const root = join(import.meta.dir, "../..");

interface Run {
  seconds: number;
  peakBytes: number;
  rounds: number;
  auc: number;
  logLoss: number;
}

async function trainOurs(file: string, directory: string): Promise<Run> {
  const start = performance.now();
  const child = Bun.spawn([process.execPath, join(root, "src/training/train.ts"), "--data", file], {
    stdout: "ignore",
    stderr: "pipe",
    env: { ...process.env, DATA_DIR: directory, PUSHGATEWAY_URL: "" },
  });
  const [message, peakBytes] = await Promise.all([new Response(child.stderr).text(), watchPeak(child)]);
  const seconds = (performance.now() - start) / 1000;
  if ((await child.exited) !== 0) throw new Error(`training failed: ${message}`);
  const stores = openStores(join(directory, "service.db"));
  const registry = createRegistry({ directory: join(directory, "models"), store: stores.models, now: () => 0 });
  const { performance: quality, learner } = registry.readManifest(registry.currentUse()?.version as string);
  stores.close();
  const { metrics } = quality.holdout;
  return {
    seconds,
    peakBytes,
    rounds: learner.trees,
    auc: metrics.roc_auc.value ?? Number.NaN,
    logLoss: metrics.log_loss.value ?? Number.NaN,
  };
}

async function trainTheirs(python: string, file: string): Promise<Run> {
  const start = performance.now();
  const child = Bun.spawn([python, join(import.meta.dir, "training.py"), file, JSON.stringify(defaultParameters)], {
    stdout: "pipe",
    stderr: "pipe",
  });
  const [output, message] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  if ((await child.exited) !== 0) throw new Error(`${python} failed: ${message}`);
  const seconds = (performance.now() - start) / 1000;
  return { ...(JSON.parse(output.trim().split("\n").at(-1) as string) as Omit<Run, "seconds">), seconds };
}

/**
 * Training from end to end, one CSV in and a verified model out, against the obvious Python (which exports, verifies and registers
 * nothing) on the same file, in turns. XGBoost needs a Python that has it (PYTHON names another).
 */
export async function benchTraining({ rows = 500_000 }: { rows?: number }): Promise<void> {
  const python = process.env.PYTHON ?? "python3";
  const hasPython =
    Bun.which(python) !== null && Bun.spawnSync([python, "-c", "import pandas, sklearn, xgboost"]).exitCode === 0;
  const folder = mkdtempSync(join(tmpdir(), "churnwatch-bench-"));
  try {
    const file = join(folder, "sample.csv");
    const start = performance.now();
    await runScript("src/data/sample.ts", ["--rows", String(rows), "--out", file], {});
    process.stderr.write(`${rows} rows written in ${((performance.now() - start) / 1000).toFixed(1)} s\n`);
    const ours = await trainOurs(file, join(folder, "data"));
    const theirs = hasPython ? await trainTheirs(python, file) : null;
    const line = (name: string, run: Run) => [
      name,
      run.seconds.toFixed(1),
      (run.peakBytes / 1e6).toFixed(0),
      String(run.rounds),
      run.auc.toFixed(4),
      run.logLoss.toFixed(4),
    ];
    printTable(`Training from end to end: a CSV of ${rows.toLocaleString("en")} customers`, [
      ["", "seconds", "peak (MB)", "trees", "ROC AUC", "log loss"],
      line("churnwatch", ours),
      ...(theirs
        ? [
            line("pandas and XGBoost", theirs),
            [
              "ratio",
              (ours.seconds / theirs.seconds).toFixed(2),
              (ours.peakBytes / theirs.peakBytes).toFixed(2),
              "",
              "",
              "",
            ],
          ]
        : []),
    ]);
    if (!theirs)
      process.stdout.write(
        `no baseline: ${python} cannot import pandas, sklearn and xgboost; install them, or name another with PYTHON\n`,
      );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
