import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDataset } from "../../src/data/ingest.ts";
import { writeSample } from "../../src/data/sample.ts";
import { generate } from "../../src/data/synthetic.ts";
import { type ComparedStatistic, compareWithPublished } from "../../src/data/synthetic-comparison.ts";
import { defaultParameters, type LearnerParameters } from "../../src/learner/parameters.ts";
import { labelledRealRows, learnAndJudge, realData } from "../../src/testing/real-rows.ts";
import { type CrossValidation, crossValidate } from "../../src/training/cross-validation.ts";
import { watchPeak } from "./peak-memory.ts";
import { printTable } from "./table.ts";

const rowsOfTheFile = 2_154_048;
const sampleRows = 200_000;
const folds = 5;
const draws = 5;
const root = join(import.meta.dir, "../..");
const realFiles = [labelledRealRows, join(realData, "unlabelled_rows.csv")];

/** So few rows would hide from heavier leaves what tells them apart. */
const tellingApart: LearnerParameters = { ...defaultParameters, maxLeaves: 31, minChildWeight: 5 };

async function validate(file: string, parameters = defaultParameters): Promise<CrossValidation> {
  const dataset = await openDataset(file);
  try {
    const rows = await dataset.readAll();
    return await crossValidate({ rows, folds, parameters, now: performance.now.bind(performance) });
  } finally {
    dataset.close();
  }
}

async function benchWriting(folder: string): Promise<void> {
  const file = join(folder, "whole.csv");
  const started = performance.now();
  const child = Bun.spawn(
    [process.execPath, join(root, "src/data/sample.ts"), "--rows", String(rowsOfTheFile), "--out", file],
    { stdout: "ignore", stderr: "inherit" },
  );
  const peakBytes = await watchPeak(child);
  const code = await child.exited;
  const seconds = (performance.now() - started) / 1000;
  if (code !== 0) throw new Error("data:sample failed");
  printTable(`Generator: ${rowsOfTheFile.toLocaleString("en")} synthetic customers to a CSV file`, [
    ["seconds", "peak MB", "file MB"],
    [seconds.toFixed(1), (peakBytes / 1e6).toFixed(0), (statSync(file).size / 1e6).toFixed(0)],
  ]);
  rmSync(file);
}

/** Of each kind the statistic farthest from its tolerance, and how many of the kind are beyond theirs. */
function printComparison(statistics: readonly ComparedStatistic[]): void {
  const kinds = [...new Set(statistics.map(({ kind }) => kind))];
  printTable(`Published statistics beside those of ${sampleRows.toLocaleString("en")} synthetic customers`, [
    ["kind", "compared", "beyond tolerance", "worst", "published", "found", "deviation / tolerance"],
    ...kinds.map((kind) => {
      const ofKind = statistics.filter((statistic) => statistic.kind === kind);
      const worst = ofKind.reduce((most, statistic) => (statistic.excess > most.excess ? statistic : most));
      return [
        kind,
        String(ofKind.length),
        String(ofKind.filter(({ excess }) => excess > 1).length),
        worst.name,
        worst.published.toPrecision(4),
        worst.found.toPrecision(4),
        worst.excess.toFixed(2),
      ];
    }),
  ]);
}

/** Real and as many synthetic customers in one file, CHURN replaced by where they come from. */
function writeMixture(file: string, sample: string, seed: number): number {
  const body = (path: string) => readFileSync(path, "utf8").trimEnd().split("\n").slice(1);
  const [labelled, unlabelled] = realFiles.map(body) as [string[], string[]];
  const withoutLabel = (line: string) => line.slice(0, line.lastIndexOf(","));
  const real = [...labelled.map(withoutLabel), ...unlabelled.map((line) => line.trimEnd())];
  writeSample(sample, { rows: real.length, seed }, () => {});
  const [header] = readFileSync(sample, "utf8").split("\n", 1);
  const synthetic = body(sample).map(withoutLabel);
  const lines = [header, ...real.map((line) => `${line},1`), ...synthetic.map((line) => `${line},0`)];
  writeFileSync(file, `${lines.join("\n")}\n`);
  return real.length;
}

/** How fast, how close to the published statistics, how hard to learn, and how far what is learned holds on real rows. */
export async function benchGenerator(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "generator-bench-"));
  try {
    await benchWriting(folder);
    printComparison(compareWithPublished([...generate({ rows: sampleRows, seed: 1 })]));
    const sample = join(folder, "sample.csv");
    writeSample(sample, { rows: sampleRows, seed: 1 }, () => {});
    const { mean, standardDeviation } = await validate(sample);
    const figures = [
      ["learned on", "judged on", "ROC AUC", "log loss"],
      [
        `${sampleRows.toLocaleString("en")} synthetic`,
        `themselves, ${folds} folds`,
        `${mean.rocAuc.toFixed(4)} ± ${standardDeviation.rocAuc.toFixed(4)}`,
        `${mean.logLoss.toFixed(4)} ± ${standardDeviation.logLoss.toFixed(4)}`,
      ],
    ];
    const hasRealRows = realFiles.every((file) => existsSync(file));
    if (hasRealRows) {
      const real = await learnAndJudge(sample, labelledRealRows);
      figures.push([
        `${sampleRows.toLocaleString("en")} synthetic`,
        `${real.rows.toLocaleString("en")} real`,
        real.rocAuc.toFixed(4),
        real.logLoss.toFixed(4),
      ]);
    }
    printTable("Learning from synthetic customers", figures);
    if (!hasRealRows) {
      process.stdout.write(`not judged on real rows: ${realData} is not there\n`);
      return;
    }
    const told: number[] = [];
    let real = 0;
    for (let draw = 0; draw < draws; draw++) {
      const file = join(folder, "mixture.csv");
      real = writeMixture(file, join(folder, "drawn.csv"), 100 + draw);
      told.push((await validate(file, tellingApart)).mean.rocAuc);
    }
    const average = told.reduce((sum, auc) => sum + auc, 0) / draws;
    process.stdout.write(
      `\ntelling ${real.toLocaleString("en")} real customers from as many synthetic ones: ROC AUC ${average.toFixed(3)} (${folds} folds, ${draws} draws: ${told.map((auc) => auc.toFixed(3)).join(", ")})\n`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
