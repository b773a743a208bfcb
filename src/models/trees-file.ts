import { gunzipSync, gzipSync } from "node:zlib";
import { z } from "zod";
import { AppError, messageOf } from "../errors.ts";
import type { BoostedTrees, Tree } from "../learner/model.ts";

export const treesFile = "trees.json.gz";
const format = 2;

/** Numbers of one kind, little-endian, base64. */
const array = <A>(of: new (buffer: ArrayBuffer) => A) =>
  z.base64().transform((text) => new of(new Uint8Array(Buffer.from(text, "base64")).buffer));
/** Of the nodes of all trees, one tree after another. */
const arrays = {
  feature: array(Int32Array<ArrayBuffer>),
  threshold: array(Float32Array<ArrayBuffer>),
  missingLeft: array(Uint8Array<ArrayBuffer>),
  left: array(Int32Array<ArrayBuffer>),
  right: array(Int32Array<ArrayBuffer>),
  value: array(Float32Array<ArrayBuffer>),
  gain: array(Float32Array<ArrayBuffer>),
  cover: array(Float64Array<ArrayBuffer>),
};
const parts = Object.keys(arrays) as (keyof typeof arrays)[];
const schema = z.object({
  format: z.literal(format),
  featureNames: z.array(z.string()),
  baseScore: z.number(),
  /** How many nodes each tree has. */
  sizes: z.array(z.number().int().positive()),
  ...arrays,
});

/** The file that keeps a model's trees for explanations: gzipped JSON around typed arrays. The same trees give the same bytes. */
export function encodeTrees({ featureNames, baseScore, trees }: BoostedTrees): Uint8Array {
  const joined = (part: keyof typeof arrays): string =>
    Buffer.concat(
      trees.map((tree) => {
        const { buffer, byteOffset, byteLength } = tree[part];
        return new Uint8Array(buffer, byteOffset, byteLength);
      }),
    ).toString("base64");
  const content = {
    format,
    featureNames,
    baseScore,
    sizes: trees.map(({ feature }) => feature.length),
    ...Object.fromEntries(parts.map((part) => [part, joined(part)])),
  };
  return gzipSync(JSON.stringify(content));
}

const nodesOf = (whole: Tree, start: number, end: number): Tree => ({
  feature: whole.feature.subarray(start, end),
  threshold: whole.threshold.subarray(start, end),
  missingLeft: whole.missingLeft.subarray(start, end),
  left: whole.left.subarray(start, end),
  right: whole.right.subarray(start, end),
  value: whole.value.subarray(start, end),
  gain: whole.gain.subarray(start, end),
  cover: whole.cover.subarray(start, end),
});

/** @throws AppError `unavailable` for a file that {@link encodeTrees} did not write. */
export function decodeTrees(file: Uint8Array): BoostedTrees {
  try {
    const { featureNames, baseScore, sizes, ...whole } = schema.parse(JSON.parse(gunzipSync(file).toString("utf8")));
    const total = sizes.reduce((sum, size) => sum + size, 0);
    for (const part of parts)
      if (whole[part].length !== total) throw new Error(`${part} has ${whole[part].length} nodes instead of ${total}`);
    let end = 0;
    const trees = sizes.map((size) => {
      const start = end;
      end += size;
      return nodesOf(whole, start, end);
    });
    return { featureNames, baseScore, trees };
  } catch (error) {
    throw new AppError("unavailable", `the stored trees cannot be read: ${messageOf(error)}`, { cause: error });
  }
}
