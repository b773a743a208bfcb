import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { createExplainer } from "../../src/learner/shap.ts";
import { createExplanations } from "../../src/models/explanation.ts";
import { decodeTrees } from "../../src/models/trees-file.ts";
import { median, printTable } from "./table.ts";
import { loadModel, manyLargeTrees, trainModel } from "./trained-model.ts";
import { createPublishedTreeShap } from "./tree-shap.ts";

const rounds = 300;
const customersTold = 1000;
const repeats = 5;
/** Deeper trees than 31 leaves can make. */
const deepest = 31;

type Work = (customer: number) => void;

/** Milliseconds for each customer, the least of some rounds, in which all works take turns: what other programs take is left out. */
function leastTimes(count: number, works: readonly Work[]): number[][] {
  const times = works.map(() => new Array<number>(count).fill(Number.POSITIVE_INFINITY));
  for (let round = 0; round < repeats; round++) {
    works.forEach((work, w) => {
      const least = times[w] as number[];
      for (let i = 0; i < count; i++) {
        const start = performance.now();
        work(i);
        least[i] = Math.min(least[i] as number, performance.now() - start);
      }
    });
  }
  return times;
}

const quantile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.floor(share * (values.length - 1))] as number;

/** Time to explain one customer against the published algorithm in turns; both must agree on every value. */
export async function benchExplain(): Promise<void> {
  process.stderr.write(`training a model of ${rounds} trees\n`);
  const { directory, remove } = await trainModel(100_000, rounds, manyLargeTrees);
  try {
    const { model, customers, stores } = await loadModel(directory);
    const { manifest } = model;
    if (!manifest.trees) throw new Error("the model has no trees");
    const file = join(directory, "models", manifest.version, manifest.trees.file);
    const trees = decodeTrees(readFileSync(file));
    const width = manifest.features.length;
    const told = customers.slice(0, customersTold).map(({ customer }) => customer);
    const rows = told.map((customer) => {
      const row = new Float32Array(width);
      model.encode(customer, row, 0);
      return row;
    });
    const explainer = createExplainer(trees);
    const published = createPublishedTreeShap(trees, deepest);
    const explanations = createExplanations(manifest, trees);
    const ours = new Float64Array(width);
    const theirs = new Float64Array(width);
    let difference = 0;
    for (const row of rows) {
      explainer.contributions(row, ours);
      theirs.fill(0);
      published(row, theirs);
      for (let f = 0; f < width; f++)
        difference = Math.max(difference, Math.abs((ours[f] as number) - (theirs[f] as number)));
    }
    if (difference > 1e-9) throw new Error(`the two algorithms differ by ${difference}`);

    const [own, other, whole] = leastTimes(rows.length, [
      (i) => void explainer.contributions(rows[i] as Float32Array, ours),
      (i) => published(rows[i] as Float32Array, theirs),
      (i) => void explanations.explain(told[i] as (typeof told)[number]),
    ]) as [number[], number[], number[]];
    const [opened] = leastTimes(1, [() => void createExplainer(decodeTrees(readFileSync(file)))]) as [number[]];
    const line = (name: string, times: readonly number[]) => [
      name,
      median(times).toFixed(3),
      quantile(times, 0.99).toFixed(3),
    ];
    const leaves = trees.trees.reduce((sum, { feature }) => sum + feature.filter((f) => f < 0).length, 0);
    printTable(
      `Explaining: ${trees.trees.length} trees, ${leaves.toLocaleString("en")} leaves, ${rows.length.toLocaleString("en")} customers, the least of ${repeats} rounds each; values of both differ by at most ${difference.toExponential(1)}`,
      [
        ["one customer (ms)", "median", "p99"],
        line("published TreeSHAP", other),
        line("churnwatch", own),
        ["ratio", (median(own) / median(other)).toFixed(2), (quantile(own, 0.99) / quantile(other, 0.99)).toFixed(2)],
        line("with encoding and words", whole),
        line("reading the trees, once", opened),
      ],
    );
    process.stdout.write(
      `trees on disk ${(statSync(file).size / 1e3).toFixed(0)} kB, the ONNX file ${(manifest.onnx.bytes / 1e3).toFixed(0)} kB\n`,
    );
    await model.session.release();
    stores.close();
  } finally {
    remove();
  }
}

if (import.meta.main) await benchExplain();
