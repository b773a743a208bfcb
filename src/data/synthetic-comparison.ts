import type { LabelledCustomer } from "../customer.ts";
import published from "./published-statistics.json";
import { quantileOf, rankCorrelation } from "./rank-correlation.ts";

/** One published statistic beside what a sample has. `excess` is the deviation in units of what is tolerated. */
export interface ComparedStatistic {
  kind: string;
  name: string;
  published: number;
  found: number;
  excess: number;
}

interface Columns {
  rows: number;
  churned: Uint8Array;
  /** By name of the real file's columns; NaN where missing. */
  numeric: Record<string, Float64Array>;
  /** undefined where missing. */
  categorical: Record<"region" | "tenure" | "top_pack", (string | undefined)[]>;
}

const numericColumns = published.spearmanColumns;
const levels = { region: published.region, tenure: published.tenure, top_pack: published.topPack };

function columnsOf(customers: readonly LabelledCustomer[]): Columns {
  const column = (name: string) =>
    Float64Array.from(customers, ({ customer }) => {
      const value = customer[name.toLowerCase() as keyof typeof customer];
      return typeof value === "number" ? value : Number.NaN;
    });
  const category = (name: keyof typeof levels) => customers.map(({ customer }) => customer[name] ?? undefined);
  return {
    rows: customers.length,
    churned: Uint8Array.from(customers, ({ churned }) => (churned ? 1 : 0)),
    numeric: Object.fromEntries(numericColumns.map((name) => [name, column(name)])),
    categorical: { region: category("region"), tenure: category("tenure"), top_pack: category("top_pack") },
  };
}

const shareOf = (count: number, has: (row: number) => boolean, among: (row: number) => boolean = () => true) => {
  let found = 0;
  let all = 0;
  for (let row = 0; row < count; row++) {
    if (!among(row)) continue;
    all++;
    if (has(row)) found++;
  }
  return found / all;
};

/** Deviation as a multiple of the tolerance. */
const compare = (kind: string, name: string, wanted: number, found: number, tolerance: number): ComparedStatistic => ({
  kind,
  name,
  published: wanted,
  found,
  excess: Math.abs(found - wanted) / tolerance,
});

function* compareMissing({ rows, churned, numeric, categorical }: Columns) {
  yield compare(
    "class rate",
    "CHURN",
    published.churnRate,
    shareOf(rows, (row) => churned[row] === 1),
    0.001,
  );
  for (const [name, wanted] of Object.entries(published.missing)) {
    const values = numeric[name];
    const texts = categorical[name.toLowerCase() as "region"];
    const missing = (row: number) => (values ? Number.isNaN(values[row] as number) : texts?.[row] === undefined);
    yield compare("missing", name, wanted, shareOf(rows, missing), 0.005);
    const byClass = (published.missingByClass as Record<string, number[]>)[name] as number[];
    for (const label of [0, 1])
      yield compare(
        "missing by class",
        `${name} of class ${label}`,
        byClass[label] as number,
        shareOf(rows, missing, (row) => churned[row] === label),
        0.005,
      );
  }
}

function* compareQuantiles({ numeric }: Columns) {
  for (const [name, wanted] of Object.entries(published.quantiles)) {
    const known = (numeric[name] as Float64Array).filter((value) => !Number.isNaN(value)).sort();
    // Amounts are topped up in steps of 50: that is the unit of MONTANT.
    const unit = name === "MONTANT" ? 50 : 1;
    for (const [i, level] of published.quantileLevels.entries()) {
      const value = wanted[i] as number;
      const found = quantileOf(known, level);
      // What a sample of that size leaves open: the quantiles two standard errors of the level to either side.
      const open = 2 * Math.sqrt((level * (1 - level)) / known.length);
      const from = Math.min(found, quantileOf(known, Math.max(0, level - open)));
      const to = Math.max(found, quantileOf(known, Math.min(1, level + open)));
      const distance = Math.max(0, from - value, value - to);
      const excess = distance / Math.max(unit, 0.05 * value);
      yield { kind: "quantiles", name: `${name} at ${level}`, published: value, found, excess };
    }
    const zeros = shareOf(known.length, (row) => known[row] === 0);
    yield compare("zeros", name, (published.zeros as Record<string, number>)[name] as number, zeros, 0.01);
  }
}

function* compareLevels({ rows, churned, numeric, categorical }: Columns) {
  const days = numeric.REGULARITY as Float64Array;
  for (const [i, wanted] of published.regularity.entries())
    yield compare(
      "REGULARITY by value",
      String(i + 1),
      wanted,
      shareOf(rows, (row) => days[row] === i + 1),
      0.003,
    );
  for (const [name, ofName] of Object.entries(levels) as [keyof typeof levels, Record<string, number[]>][]) {
    const values = categorical[name];
    const counts = new Map<string, [number, number]>();
    let known = 0;
    values.forEach((value, row) => {
      if (value === undefined) return;
      const count = counts.get(value) ?? [0, 0];
      count[churned[row] === 1 ? 1 : 0]++;
      counts.set(value, count);
      known++;
    });
    for (const [level, [share, churn]] of Object.entries(ofName) as [string, [number, number | undefined]][]) {
      const [stayed, left] = counts.get(level) ?? [0, 0];
      const ofLevel = stayed + left;
      yield compare("category shares", `${name} ${level}`, share, ofLevel / known, 0.003);
      if (churn === undefined || ofLevel < 500) continue;
      const tolerance = 0.005 + 4 * Math.sqrt((churn * (1 - churn)) / ofLevel);
      yield compare("churn by category", `${name} ${level}`, churn, left / ofLevel, tolerance);
    }
  }
}

const compareCorrelation = (kind: string, name: string, wanted: number, found: { correlation: number; rows: number }) =>
  compare(kind, name, wanted, found.correlation, 0.05 + 2 / Math.sqrt(found.rows));

/** Published from few rows: what their own sampling leaves open is tolerated, three standard errors. */
function compareSampled(kind: string, name: string, wanted: number, found: number, sampled: number) {
  return compare(kind, name, wanted, found, 3 * Math.sqrt(Math.max(found * (1 - found), 0.001) / sampled));
}

function* compareActivity({ rows, churned, numeric, categorical }: Columns) {
  const days = numeric.REGULARITY as Float64Array;
  const left = (row: number) => churned[row] === 1;
  for (const [first, last, sampled, wanted] of published.churnByRegularity as [number, number, number, number][]) {
    const among = (row: number) => (days[row] as number) >= first && (days[row] as number) <= last;
    const found = shareOf(rows, left, among);
    yield compareSampled("churn by REGULARITY", `${first} to ${last}`, wanted, found, sampled);
  }
  const patterns = Array.from({ length: rows }, (_, row) =>
    published.patternColumns
      .map((name) => {
        const values = numeric[name];
        const known = values
          ? !Number.isNaN(values[row] as number)
          : categorical[name.toLowerCase() as "region"][row] !== undefined;
        return known ? "1" : "0";
      })
      .join(""),
  );
  for (const [pattern, [sampled, churn]] of Object.entries(published.patterns) as [string, [number, number]][]) {
    const has = (row: number) => patterns[row] === pattern;
    const share = sampled / published.patternRows;
    yield compareSampled("missing patterns", pattern, share, shareOf(rows, has), published.patternRows);
    yield compareSampled("churn by missing pattern", pattern, churn, shareOf(rows, left, has), sampled);
  }
}

function* compareCorrelations({ rows, churned, numeric, categorical }: Columns) {
  for (const [i, one] of numericColumns.entries()) {
    for (const [j, other] of numericColumns.entries()) {
      if (j <= i) continue;
      const found = rankCorrelation(numeric[one] as Float64Array, numeric[other] as Float64Array);
      yield compareCorrelation("Spearman", `${one} and ${other}`, published.spearman[i]?.[j] as number, found);
    }
  }
  const columns = published.spearmanCompleteColumns;
  const known = (row: number) => columns.every((name) => !Number.isNaN(numeric[name]?.[row] as number));
  for (const label of [0, 1]) {
    const among: number[] = [];
    for (let row = 0; row < rows; row++) {
      if (churned[row] !== label || !known(row)) continue;
      // The published rows of those who stayed had these two as well.
      if (label === 0 && !(categorical.region[row] && categorical.top_pack[row])) continue;
      among.push(row);
    }
    const part = Object.fromEntries(
      columns.map((name) => [name, Float64Array.from(among, (row) => numeric[name]?.[row] as number)]),
    );
    for (const [i, one] of columns.entries()) {
      for (const [j, other] of columns.entries()) {
        if (j <= i) continue;
        const found = rankCorrelation(part[one] as Float64Array, part[other] as Float64Array);
        const wanted = published.spearmanComplete[label]?.[i]?.[j] as number;
        yield compareCorrelation("Spearman within class", `${one} and ${other} of class ${label}`, wanted, found);
      }
    }
  }
}

function* compareIdentities({ rows, numeric }: Columns) {
  const value = (name: string) => (row: number) => numeric[name]?.[row] as number;
  const [montant, revenue, frequence] = [value("MONTANT"), value("REVENUE"), value("FREQUENCE")];
  const [rech, packs, arpu] = [value("FREQUENCE_RECH"), value("FREQ_TOP_PACK"), value("ARPU_SEGMENT")];
  const both = (row: number) => montant(row) > 0 && revenue(row) > 0;
  const { identities } = published;
  const of = (name: string, wanted: number, has: (row: number) => boolean, among: (row: number) => boolean) =>
    compare("identities", name, wanted, shareOf(rows, has, among), 0.02);
  yield of(
    "ARPU_SEGMENT = round(REVENUE / 3)",
    1,
    (row) => arpu(row) === Math.round(revenue(row) / 3),
    (row) => revenue(row) > 0,
  );
  const topped = (row: number) => montant(row) > 0;
  yield of("MONTANT in steps of 50", identities.montantIn50s, (row) => montant(row) % 50 === 0, topped);
  yield of("MONTANT in steps of 100", identities.montantIn100s, (row) => montant(row) % 100 === 0, topped);
  yield of("FREQUENCE ≥ FREQUENCE_RECH", identities.topUpsAtMostIncomes, (row) => frequence(row) >= rech(row), both);
  yield of(
    "FREQ_TOP_PACK ≤ FREQUENCE",
    identities.packsAtMostIncomes,
    (row) => packs(row) <= frequence(row),
    (row) => packs(row) > 0,
  );
  const ratios: number[] = [];
  for (let row = 0; row < rows; row++) if (both(row)) ratios.push(revenue(row) / montant(row));
  const sorted = Float64Array.from(ratios).sort();
  for (const [i, level] of identities.incomeRatioLevels.entries()) {
    const wanted = identities.incomeRatio[i] as number;
    yield compare("identities", `REVENUE / MONTANT at ${level}`, wanted, quantileOf(sorted, level), 0.05 * wanted);
  }
}

/**
 * Every published statistic (published-statistics.json) beside what the customers have. Tolerances: 0.1 points of the class
 * rate, 0.5 of missing rates, 0.3 of shares, 1 of zeros, 2 of identities; 5 % or one unit of quantiles and 0.05 of rank
 * correlations, beyond two standard errors of a sample of that size; three standard errors of what is published from few rows
 * (missing patterns, churn by them and by REGULARITY); of churn by category 0.5 points and four standard errors.
 */
export function compareWithPublished(customers: readonly LabelledCustomer[]): ComparedStatistic[] {
  const columns = columnsOf(customers);
  return [
    compareMissing,
    compareQuantiles,
    compareLevels,
    compareActivity,
    compareCorrelations,
    compareIdentities,
  ].flatMap((of) => [...of(columns)]);
}
