import { AppError } from "../errors.ts";
import { leastOpset } from "../onnx/adapt.ts";
import { elementName, elementType } from "../onnx/nodes.ts";
import type { OnnxDescription } from "../onnx/reader.ts";
import type { ImportManifest } from "./import-manifest.ts";

/** Which value of a model is the probability of churn. */
export interface ScorePlan {
  name: string;
  /** Its column; null when there is but one number a row. */
  column: number | null;
}

/** What can be cast to float32 as it is. */
const realTypes: readonly number[] = [elementType.float, elementType.double, elementType.float16];
const runnable = ["", "ai.onnx.ml", "com.microsoft"];

/** @throws AppError `invalid_data` for a model that needs what is not in its file, or not in the runtime */
export function checkModel({ opsets, operators, hasExternalData }: OnnxDescription): void {
  if (hasExternalData) {
    throw new AppError(
      "invalid_data",
      "some of its weights are in other files: write all of it into one file (onnx.save_model with save_as_external_data=False)",
    );
  }
  const foreign = [...operators].filter((operator) => !runnable.includes(operator.split(":")[0] as string));
  if (foreign.length > 0)
    throw new AppError(
      "invalid_data",
      `it uses ${foreign.join(", ")}, operators of no standard: export it with those of ONNX (ai.onnx, ai.onnx.ml) alone`,
    );
  const version = opsets.get("");
  if (version !== undefined && version < leastOpset)
    throw new AppError(
      "invalid_data",
      `it is of operator set ${version}: export it with target_opset ${leastOpset} or later`,
    );
}

/**
 * Finds the probabilities among the outputs: a matrix of one or two columns, a vector, or what a ZipMap makes maps of.
 * @param shape of the scores of some rows; null when it is not known yet, and then the column is not told
 * @throws AppError `invalid_data` when there are none, or it is not clear which
 */
export function planScores(model: OnnxDescription, told: ImportManifest, shape: readonly number[] | null): ScorePlan {
  const { name, labels } = findScores(model, told.probabilities);
  const columns = shape === null || shape.length === 1 ? 1 : (shape[1] as number);
  if (shape === null || columns === 1) return { name, column: null };
  if (columns !== 2 || (shape?.length ?? 0) > 2)
    throw new AppError(
      "invalid_data",
      `output ${name} has the shape ${shape.join(" × ")} for ${shape[0]} customers: a model of two classes gives two columns, or one`,
    );
  const churnClass = String(told.churn_class ?? 1);
  const known = labels.length === 2 ? labels : ["0", "1"];
  const column = known.indexOf(churnClass);
  if (column < 0)
    throw new AppError(
      "invalid_data",
      `its classes are ${known.join(" and ")}, none of them ${churnClass}: say in the manifest which one churned ("churn_class")`,
    );
  return { name, column };
}

function findScores({ outputs, nodes }: OnnxDescription, told: string | undefined): { name: string; labels: string[] } {
  const all = outputs
    .map(({ name, type }) => (type.kind === "tensor" ? `${name} of ${elementName(type.element)}` : name))
    .join(", ");
  const candidates = outputs.filter(
    ({ type }) => type.kind === "sequence" || (type.kind === "tensor" && realTypes.includes(type.element)),
  );
  const chosen =
    told === undefined
      ? candidates.length === 1
        ? candidates
        : candidates.filter(({ name }) => /^(output_)?probabilit(y|ies)(_tensor)?$/i.test(name))
      : candidates.filter(({ name }) => name === told);
  const [output] = chosen;
  if (!output || chosen.length > 1) {
    const what =
      candidates.length === 0
        ? "no probabilities: export those too, not the labels alone"
        : told === undefined
          ? `several outputs of real numbers: say in the manifest which one has the probabilities ("probabilities")`
          : `no output ${told} of real numbers`;
    throw new AppError("invalid_data", `it has ${what} (its outputs: ${all})`);
  }
  const maker = nodes.find(({ outputs: made }) => made.includes(output.name));
  if (output.type.kind !== "sequence") return { name: output.name, labels: labelsOf(maker) };
  const mapped = maker?.operator === "ZipMap" ? maker.inputs[0] : undefined;
  if (maker === undefined || mapped === undefined)
    throw new AppError("invalid_data", `output ${output.name} is a sequence that no ZipMap makes: export a tensor`);
  return { name: mapped, labels: labelsOf(maker) };
}

function labelsOf(node: OnnxDescription["nodes"][number] | undefined): string[] {
  const numbers =
    node?.attributes.get("classlabels_int64s")?.integers ?? node?.attributes.get("classlabels_ints")?.integers;
  return numbers && numbers.length > 1
    ? numbers.map(String)
    : (node?.attributes.get("classlabels_strings")?.strings ?? []);
}

/** Trees of a model; 0 when it has none. */
export function treeCount({ nodes }: OnnxDescription): number {
  return nodes
    .filter(({ operator }) => operator.startsWith("TreeEnsemble"))
    .reduce((sum, { attributes }) => sum + new Set(attributes.get("nodes_treeids")?.integers ?? []).size, 0);
}
