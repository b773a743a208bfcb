import { fields } from "../customer.ts";
import type { LabelledTable } from "../data/table.ts";
import type { FeatureEncoding } from "../models/manifest.ts";

// A level with fewer rows tells too little to have a rank of its own.
const leastRows = 20;
/** Weight, in rows, of the overall rate in the rate of a level. */
const prior = 20;

/**
 * How the learner reads every field: categories by the rank of their churn rate on the training rows (shrunk towards the
 * overall rate), so that an ordinary split on the rank parts them well. Rare levels share the rank `other`.
 */
export function fitEncoding(table: LabelledTable): FeatureEncoding[] {
  const overall = table.churned.reduce((sum, label) => sum + label, 0) / table.rows;
  return fields.map((field): FeatureEncoding => {
    if (field.kind === "numeric") return { name: field.name, kind: "numeric" };
    const { levels, codes } = table.categorical[field.name];
    const rows = new Float64Array(levels.length);
    const churned = new Float64Array(levels.length);
    codes.forEach((code, row) => {
      if (code < 0) return;
      rows[code] = (rows[code] as number) + 1;
      churned[code] = (churned[code] as number) + (table.churned[row] as number);
    });
    const rate = (count: number, churners: number) => (churners + prior * overall) / (count + prior);
    const common = levels.flatMap((level, code) =>
      (rows[code] as number) >= leastRows ? [{ level, rate: rate(rows[code] as number, churned[code] as number) }] : [],
    );
    const rare = levels.reduce(
      (sum, _, code) => {
        const count = rows[code] as number;
        return count >= leastRows
          ? sum
          : { count: sum.count + count, churners: sum.churners + (churned[code] as number) };
      },
      { count: 0, churners: 0 },
    );
    const otherRate = rate(rare.count, rare.churners);
    common.sort((a, b) => a.rate - b.rate || (a.level < b.level ? -1 : 1));
    return {
      name: field.name,
      kind: "categorical",
      levels: common.map(({ level }) => level),
      other: common.filter((level) => level.rate < otherRate).length,
    };
  });
}
