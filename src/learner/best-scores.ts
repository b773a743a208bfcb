import type { GrowingTree, Workspace } from "./workspace.ts";

const parts = ["train", "validation"] as const;
type PartName = (typeof parts)[number];
export type Scores = Record<PartName, Float64Array>;

// To copy all scores takes about as long as to walk all rows down one tree.
const treesBetweenCopies = 16;

/**
 * The scores of the best round so far, although later trees have been added to those of the workspace: a copy that is made seldom,
 * and the trees since.
 * @param baseScore which all scores of the workspace are
 */
export function createBestScores(workspace: Workspace, baseScore: number) {
  const copies: Scores = {
    train: new Float64Array(workspace.train.rows).fill(baseScore),
    validation: new Float64Array(workspace.validation?.rows ?? 0).fill(baseScore),
  };
  let since: GrowingTree[] = [];
  let best = 0;

  return {
    /** The tree of the workspace has been added to its scores. */
    added(isBest: boolean): void {
      since.push(copyOf(workspace.tree));
      if (!isBest) return;
      if (since.length >= treesBetweenCopies) {
        for (const part of parts) if (workspace[part]) copies[part].set(workspace[part].scores);
        since = [];
      }
      best = since.length;
    },
    /**
     * Leaves the scores of the best round in the workspace, and gives them.
     * @param walk adds the tree of the workspace to the scores of both parts
     */
    restore(walk: () => void): Scores {
      for (const part of parts) workspace[part]?.scores.set(copies[part]);
      for (const tree of since.slice(0, best)) {
        for (const [name, values] of Object.entries(tree)) workspace.tree[name as keyof GrowingTree].set(values);
        walk();
      }
      for (const part of parts) if (workspace[part]) copies[part].set(workspace[part].scores);
      return copies;
    },
  };
}

const copyOf = ({ feature, bin, missingLeftCode, left, right, value }: GrowingTree): GrowingTree => ({
  feature: feature.slice(),
  bin: bin.slice(),
  missingLeftCode: missingLeftCode.slice(),
  left: left.slice(),
  right: right.slice(),
  value: value.slice(),
});
