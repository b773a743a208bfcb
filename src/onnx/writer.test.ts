import { describe, expect, test } from "bun:test";
import { onnx } from "onnx-proto";
import { fit } from "../learner/boosting.ts";
import type { Tree } from "../learner/model.ts";
import { defaultParameters } from "../learner/parameters.ts";
import { rawScores } from "../learner/predict.ts";
import { openSession, scoreColumns } from "../models/session.ts";
import { logistic } from "../statistics/calibration.ts";
import { createRandom } from "../statistics/random.ts";
import { encodeModel } from "./writer.ts";

const featureNames = ["a", "b", "c"];
const calibration = { slope: 0.9, intercept: -0.2 };
const random = createRandom(5);

function makeColumns(rows: number): Float32Array[] {
  return featureNames.map(() =>
    Float32Array.from({ length: rows }, () => (random.uniform() < 0.3 ? Number.NaN : Math.round(20 * random.normal()))),
  );
}

async function makeModel() {
  const features = makeColumns(5000);
  const labels = Uint8Array.from({ length: 5000 }, (_, i) => {
    const [a, b] = [features[0]?.[i] ?? 0, features[1]?.[i] ?? 0];
    return random.uniform() < logistic((Number.isNaN(a) ? 1 : a / 20) - (Number.isNaN(b) ? 1 : b / 20)) ? 1 : 0;
  });
  const parameters = { ...defaultParameters, rounds: 60, earlyStoppingRounds: 0 };
  return (await fit({ featureNames, train: { features, labels }, validation: null, parameters })).model;
}

const leaf = (value: number): Tree => ({
  feature: Int32Array.of(-1),
  threshold: Float32Array.of(0),
  missingLeft: Uint8Array.of(0),
  left: Int32Array.of(-1),
  right: Int32Array.of(-1),
  value: Float32Array.of(value),
  gain: Float32Array.of(0),
  cover: Float64Array.of(10),
});

const stump = (threshold: number, missingLeft: 0 | 1): Tree => ({
  feature: Int32Array.of(0, -1, -1),
  threshold: Float32Array.of(threshold, 0, 0),
  missingLeft: Uint8Array.of(missingLeft, 0, 0),
  left: Int32Array.of(1, -1, -1),
  right: Int32Array.of(2, -1, -1),
  value: Float32Array.of(0, -1, 1),
  gain: Float32Array.of(1, 0, 0),
  cover: Float64Array.of(10, 5, 5),
});
const largest = 3.4028234663852886e38;

describe("an encoded model", () => {
  test.each<[string, Tree[]]>([
    ["without trees", []],
    ["whose only tree is a leaf", [leaf(0.3)]],
    ["with a leaf before a tree", [leaf(0.3), stump(1.5, 0)]],
    ["whose leaves are all positive", [leaf(1), leaf(2)]],
    ["that parts missing from everything", [stump(largest, 0)]],
    ["that sends missing left", [stump(1.5, 1), leaf(1)]],
    ["cut at zero", [stump(0, 0)]],
  ])("%s means in ONNX Runtime what it means here", async (_, trees) => {
    const model = { featureNames: ["x"], baseScore: 0.1, trees };
    const columns = [Float32Array.of(-1e30, -0, 0, 1.5, 3, largest, Number.NaN)];
    const session = await openSession(encodeModel({ trees: model, calibration, metadata: {} }), 1);
    const served = await scoreColumns(session, columns);
    await session.release();
    rawScores(model, columns).forEach((raw, row) => {
      expect(served[row] as number).toBeCloseTo(logistic(calibration.slope * raw + calibration.intercept), 6);
    });
  });

  test("gives in ONNX Runtime what the trainer gives, missing cells and values on thresholds included", async () => {
    const trees = await makeModel();
    const columns = makeColumns(30_000);
    // Every threshold of the model, exactly, somewhere.
    for (const [t, tree] of trees.trees.entries()) {
      tree.feature.forEach((feature, node) => {
        if (feature >= 0) (columns[feature] as Float32Array)[100 * t + node] = tree.threshold[node] as number;
      });
    }
    const session = await openSession(encodeModel({ trees, calibration, metadata: {} }), featureNames.length);
    const served = await scoreColumns(session, columns);
    await session.release();
    const raw = rawScores(trees, columns);
    const worst = served.reduce(
      (most, p, i) =>
        Math.max(most, Math.abs(p - logistic(calibration.slope * (raw[i] as number) + calibration.intercept))),
      0,
    );
    expect(worst).toBeLessThan(1e-6);
    expect(new Set(served).size).toBeGreaterThan(1000);
  });

  test("is read back by another implementation of the format, with its metadata", async () => {
    const trees = await makeModel();
    const model = onnx.ModelProto.decode(
      encodeModel({ trees, calibration, metadata: { threshold: "0.4", größe: "λ" } }),
    );
    expect(model.metadataProps.map(({ key, value }) => [key, value])).toEqual([
      ["threshold", "0.4"],
      ["größe", "λ"],
    ]);
    expect(model.opsetImport.map(({ domain, version }) => [domain, Number(version)])).toEqual([
      ["", 17],
      ["ai.onnx.ml", 3],
    ]);
    const { node, input, output } = model.graph as onnx.GraphProto;
    expect(node.map(({ opType }) => opType)).toEqual(["TreeEnsembleRegressor", "Mul", "Add", "Sigmoid"]);
    expect([input[0]?.name, ...output.map(({ name }) => name)]).toEqual(["features", "probability", "raw_score"]);
    const attribute = (name: string) => node[0]?.attribute?.find((candidate) => candidate.name === name);
    const size = trees.trees.reduce((sum, tree) => sum + tree.feature.length, 0);
    expect(attribute("nodes_featureids")?.ints).toHaveLength(size);
    expect(attribute("nodes_modes")?.strings).toHaveLength(size);
    expect(attribute("base_values")?.floats).toEqual([trees.baseScore]);
  });

  test("of damaged bytes is refused with a reason", async () => {
    const bytes = encodeModel({ trees: await makeModel(), calibration, metadata: {} });
    await expect(openSession(bytes.subarray(0, bytes.length / 2), 3)).rejects.toThrow("cannot be loaded");
  });
});
