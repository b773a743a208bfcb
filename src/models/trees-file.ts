import { gunzipSync, gzipSync } from "node:zlib";
import { z } from "zod";
import { AppError, messageOf } from "../errors.ts";
import type { BoostedTrees, Tree } from "../learner/model.ts";

export const treesFile = "trees.json.gz";
const format = 2;

const array = z.base64();
/** Node arrays of all trees one after another, little-endian, base64; `sizes` says how many nodes each tree has. */
const schema = z.object({
  format: z.literal(format),
  featureNames: z.array(z.string()),
  baseScore: z.number(),
  sizes: z.array(z.number().int().positive()),
  feature: array,
  threshold: array,
  missingLeft: array,
  left: array,
  right: array,
  value: array,
  gain: array,
  cover: array,
});

const kinds = {
  feature: Int32Array,
  threshold: Float32Array,
  missingLeft: Uint8Array,
  left: Int32Array,
  right: Int32Array,
  value: Float32Array,
  gain: Float32Array,
  cover: Float64Array,
} as const;
const parts = Object.keys(kinds) as (keyof typeof kinds)[];

/** The file that keeps a model's trees for explanations: gzipped JSON around typed arrays. The same trees give the same bytes. */
export function encodeTrees({ featureNames, baseScore, trees }: BoostedTrees): Uint8Array {
  const joined = (part: keyof typeof kinds): string =>
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

/** @throws AppError `unavailable` for a file that {@link encodeTrees} did not write. */
export function decodeTrees(file: Uint8Array): BoostedTrees {
  try {
    const { featureNames, baseScore, sizes, ...encoded } = schema.parse(JSON.parse(gunzipSync(file).toString("utf8")));
    const total = sizes.reduce((sum, size) => sum + size, 0);
    const whole = Object.fromEntries(
      parts.map((part) => {
        const values = new kinds[part](new Uint8Array(Buffer.from(encoded[part], "base64")).buffer);
        if (values.length !== total) throw new Error(`${part} has ${values.length} nodes instead of ${total}`);
        return [part, values];
      }),
    ) as unknown as Tree;
    let start = 0;
    const trees = sizes.map((size) => {
      const end = start + size;
      const tree = Object.fromEntries(parts.map((part) => [part, whole[part].subarray(start, end)])) as unknown as Tree;
      start = end;
      return tree;
    });
    return { featureNames, baseScore, trees };
  } catch (error) {
    throw new AppError("unavailable", `the stored trees cannot be read: ${messageOf(error)}`, { cause: error });
  }
}
