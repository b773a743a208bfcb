import { join } from "node:path";
import { fit } from "../../src/learner/boosting.ts";
import type { LearnerParameters } from "../../src/learner/parameters.ts";
import { rawScores } from "../../src/learner/predict.ts";
import { logistic } from "../../src/statistics/calibration.ts";

/** The other side of learner.py, in a process of its own so that its peak memory is its own: learner-fit.ts FOLDER */
const folder = process.argv[2] as string;
const { parameters, featureNames } = (await Bun.file(join(folder, "problem.json")).json()) as {
  parameters: LearnerParameters;
  featureNames: string[];
};

async function read(part: string) {
  const labels = new Uint8Array(await Bun.file(join(folder, `${part}.labels`)).arrayBuffer());
  const cells = new Float32Array(await Bun.file(join(folder, `${part}.features`)).arrayBuffer());
  return { labels, features: featureNames.map((_, f) => cells.subarray(f * labels.length, (f + 1) * labels.length)) };
}

const train = await read("train");
const test = await read("test");

const used = process.cpuUsage();
const start = performance.now();
const { model } = await fit({ featureNames, train, validation: null, parameters });
const seconds = (performance.now() - start) / 1000;
const { user, system } = process.cpuUsage(used);
const processorSeconds = (user + system) / 1e6;
// Not getrusage: a process that was spawned starts there with the peak of the one that spawned it.
const status = await Bun.file("/proc/self/status").text();
const peakBytes = Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024;

await Bun.write(
  join(folder, "ours.probabilities"),
  Float32Array.from(rawScores(model, test.features), (score) => logistic(score)),
);
process.stdout.write(`${JSON.stringify({ name: "churnwatch", seconds, processorSeconds, peakBytes })}\n`);
