import { join } from "node:path";
import { createRandom } from "../statistics/random.ts";
import type { LabelledRows } from "./rows.ts";

/**
 * A problem with what trips a learner up: counts with few values, heavy tails with many, a constant column, one that is almost
 * always missing, gaps that tell, an interaction, noise. The same seed gives the same rows.
 */
export const oracleFeatures = ["count", "amount", "active", "gap", "constant", "rare", "first", "second", "noise"];

export function makeOracleRows(rows: number, seed: number): LabelledRows {
  const random = createRandom(seed);
  const features = oracleFeatures.map(() => new Float32Array(rows));
  const labels = new Uint8Array(rows);
  for (let row = 0; row < rows; row++) {
    const activity = random.normal();
    const count = Math.floor(20 * random.uniform() ** 2);
    const amount = Math.exp(activity + random.normal());
    const active = Math.max(1, Math.min(90, Math.round(30 + 25 * activity + 5 * random.normal())));
    const hasGap = random.uniform() < 1 / (1 + Math.exp(2 * activity));
    const [first, second] = [random.normal(), random.normal()];
    const isRare = random.uniform() < 0.01;
    const odds = -1.5 + 0.1 * count - 0.03 * active + (hasGap ? 1.2 : 0) + 0.8 * first * second + (isRare ? 1 : 0);
    const cells = [count, amount, active, hasGap ? Number.NaN : amount / 3, 7, isRare ? 1 : Number.NaN, first, second];
    for (const [f, value] of [...cells, random.normal()].entries()) (features[f] as Float32Array)[row] = value;
    labels[row] = random.uniform() < 1 / (1 + Math.exp(-odds)) ? 1 : 0;
  }
  return { features, labels };
}

export const oracleProblem = { train: { rows: 20_000, seed: 101 }, test: { rows: 20_000, seed: 102 } } as const;

/** For oracle.py: bun src/learner/oracle.ts FOLDER writes train.csv and test.csv, the label first, missing cells empty. */
if (import.meta.main) {
  const folder = process.argv[2];
  if (folder === undefined) throw new Error("usage: bun src/learner/oracle.ts FOLDER");
  for (const [name, { rows, seed }] of Object.entries(oracleProblem)) {
    const { features, labels } = makeOracleRows(rows, seed);
    const lines = Array.from(labels, (label, row) =>
      [label, ...features.map((values) => (Number.isNaN(values[row]) ? "" : values[row]))].join(","),
    );
    await Bun.write(join(folder, `${name}.csv`), `${["label", ...oracleFeatures].join(",")}\n${lines.join("\n")}\n`);
  }
}
