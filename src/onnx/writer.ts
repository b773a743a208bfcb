import type { BoostedTrees } from "../learner/model.ts";
import {
  elementType,
  floatsAttribute,
  integerAttribute,
  integersAttribute,
  matrix,
  mlDomain,
  node,
  stringAttribute,
  stringsAttribute,
} from "./nodes.ts";
import { type Field, field, message } from "./protobuf.ts";

export interface OnnxModel {
  trees: BoostedTrees;
  /** Probability = logistic(slope · raw score + intercept). */
  calibration: { slope: number; intercept: number };
  /** Stored with the model as metadata, so that the file explains itself. */
  metadata: Readonly<Record<string, string>>;
}

// Field numbers and constants of onnx.proto3, IR version 8.
const irVersion = 8;
const onnxOpset = 17;
const mlOpset = 3;

const scalar = (name: string, value: number): Field =>
  field.message(5, [
    field.integers(1, [1]),
    field.integer(2, elementType.float),
    field.floats(4, [value]),
    field.string(8, name),
  ]);

/**
 * An ONNX file of boosted trees: input `features` (float32, rows × features, NaN for missing), outputs `raw_score`
 * (log-odds) and `probability`, both rows × 1. Readable by any runtime with ai.onnx.ml 3.
 */
export function encodeModel({ trees, calibration, metadata }: OnnxModel): Uint8Array {
  const graph = [
    node("TreeEnsembleRegressor", ["features"], "raw_score", [...treeAttributes(trees), field.string(7, mlDomain)]),
    node("Mul", ["raw_score", "slope"], "scaled_score"),
    node("Add", ["scaled_score", "intercept"], "calibrated_score"),
    node("Sigmoid", ["calibrated_score"], "probability"),
    field.string(2, "churnwatch"),
    scalar("slope", calibration.slope),
    scalar("intercept", calibration.intercept),
    matrix(11, "features", trees.featureNames.length),
    matrix(12, "probability", 1),
    matrix(12, "raw_score", 1),
  ];
  return message([
    field.integer(1, irVersion),
    field.string(2, "churnwatch"),
    field.message(7, graph),
    field.message(8, [field.string(1, ""), field.integer(2, onnxOpset)]),
    field.message(8, [field.string(1, mlDomain), field.integer(2, mlOpset)]),
    ...Object.entries(metadata).map(([key, value]) =>
      field.message(14, [field.string(1, key), field.string(2, value)]),
    ),
  ]);
}

function treeAttributes({ trees, baseScore }: BoostedTrees): Field[] {
  const nodes = trees.flatMap((tree, t) =>
    Array.from(tree.feature, (feature, n) => ({ tree, t, n, isLeaf: feature < 0 })),
  );
  const leaves = nodes.filter(({ isLeaf }) => isLeaf);
  const inner = (read: (tree: BoostedTrees["trees"][number], n: number) => number) =>
    nodes.map(({ tree, n, isLeaf }) => (isLeaf ? 0 : read(tree, n)));
  return [
    stringAttribute("aggregate_function", "SUM"),
    stringAttribute("post_transform", "NONE"),
    integerAttribute("n_targets", 1),
    floatsAttribute("base_values", [baseScore]),
    integersAttribute(
      "nodes_treeids",
      nodes.map(({ t }) => t),
    ),
    integersAttribute(
      "nodes_nodeids",
      nodes.map(({ n }) => n),
    ),
    stringsAttribute(
      "nodes_modes",
      nodes.map(({ isLeaf }) => (isLeaf ? "LEAF" : "BRANCH_LEQ")),
    ),
    integersAttribute(
      "nodes_featureids",
      inner((tree, n) => tree.feature[n] as number),
    ),
    floatsAttribute(
      "nodes_values",
      inner((tree, n) => tree.threshold[n] as number),
    ),
    integersAttribute(
      "nodes_truenodeids",
      inner((tree, n) => tree.left[n] as number),
    ),
    integersAttribute(
      "nodes_falsenodeids",
      inner((tree, n) => tree.right[n] as number),
    ),
    integersAttribute(
      "nodes_missing_value_tracks_true",
      inner((tree, n) => tree.missingLeft[n] as number),
    ),
    integersAttribute(
      "target_treeids",
      leaves.map(({ t }) => t),
    ),
    integersAttribute(
      "target_nodeids",
      leaves.map(({ n }) => n),
    ),
    integersAttribute(
      "target_ids",
      leaves.map(() => 0),
    ),
    floatsAttribute(
      "target_weights",
      leaves.map(({ tree, n }) => tree.value[n] as number),
    ),
  ];
}
