import type { Customer, LabelledCustomer } from "../customer.ts";
import { normalCdf, normalQuantile } from "../statistics/distributions.ts";
import { createRandom, type Random } from "../statistics/random.ts";
import calibration from "./calibration.json";

export interface SyntheticOptions {
  rows: number;
  seed: number;
}

type Class = 0 | 1;
type Levels = Record<string, number[]>;

/** Draws an index with given weights in constant time per draw up to a binary search. */
function createChoice(weights: readonly number[]): (random: Random) => number {
  const cumulative = new Float64Array(weights.length);
  let sum = 0;
  weights.forEach((weight, i) => {
    sum += weight;
    cumulative[i] = sum;
  });
  return (random) => {
    const position = random.uniform() * sum;
    let low = 0;
    let high = cumulative.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (position < (cumulative[middle] as number)) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}

/** Share of a class in a level that has `churn` as its churn rate. */
const ofClass = (share: number, churn: number, label: Class): number => share * (label === 1 ? churn : 1 - churn);

function levelsOf(levels: Levels, label: Class) {
  const names = Object.keys(levels);
  const choose = createChoice(names.map((name) => ofClass(levels[name]?.[0] ?? 0, levels[name]?.[1] ?? 0, label)));
  return (random: Random): string => names[choose(random)] as string;
}

/** Linear between the given points, flat outside them. */
function interpolate(points: readonly (readonly number[])[], x: number): number {
  const next = points.findIndex((point) => (point[0] as number) >= x);
  if (next <= 0) return (next === 0 ? points[0]?.[1] : points.at(-1)?.[1]) as number;
  const [x0, y0] = points[next - 1] as [number, number];
  const [x1, y1] = points[next] as [number, number];
  return y0 + ((y1 - y0) * (x - x0)) / (x1 - x0);
}

/** The value at a normal score: quantiles joined linearly in log(1 + value), the ends drawn out towards the maximum. */
function createMarginal(quantiles: readonly number[], maximum: number): (score: number) => number {
  const scores = calibration.quantileLevels.map((level) => normalQuantile(level));
  const points = quantiles.map((value, i) => [scores[i] as number, Math.log1p(value)] as const);
  const ends = [...points, [normalQuantile(1 - 1e-6), Math.log1p(maximum)] as const];
  return (score) => Math.round(Math.expm1(interpolate(ends, score)));
}

/** Ranks the values of a discrete distribution by normal scores: index → the score's interval. */
function createRegularity(label: Class): (score: number) => number {
  const shares = calibration.regularity.map((share, i) =>
    ofClass(share, interpolate(calibration.churnByRegularity, i + 1), label),
  );
  const total = shares.reduce((sum, share) => sum + share, 0);
  let sum = 0;
  const ends = shares.map((share) => {
    sum += share;
    return sum / total;
  });
  return (score) => {
    const level = normalCdf(score);
    const value = ends.findIndex((end) => level <= end);
    return value < 0 ? ends.length : value + 1;
  };
}

/** Lower-triangular factor of the correlations. */
function factorCorrelations(): number[][] {
  const rows = calibration.correlations as number[][];
  const factor: number[][] = [];
  rows.forEach((row, i) => {
    const line: number[] = [];
    for (let j = 0; j <= i; j++) {
      let rest = row[j] as number;
      for (let k = 0; k < j; k++) rest -= (line[k] as number) * ((factor[j] ?? line)[k] as number);
      line.push(i === j ? Math.sqrt(Math.max(rest, 1e-12)) : rest / (factor[j]?.[j] as number));
    }
    factor.push(line);
  });
  return factor;
}

// How strongly the number of present columns goes with regularity, within a class.
const presenceWeight = 0.8;
const restWeight = Math.sqrt(1 - presenceWeight ** 2);
const amountColumns = calibration.correlationColumns.slice(1);

function createClass(label: Class) {
  const patterns = Object.keys(calibration.patterns);
  const weights = Object.values(calibration.patterns as Levels).map(([count, churn]) =>
    ofClass(count as number, churn as number, label),
  );
  const present = patterns.map((pattern) => [...pattern].filter((bit) => bit === "1").length);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  // The middle of each number of present columns among all rows of the class, as a normal score.
  const presenceScores = Array.from({ length: 9 }, (_, k) => {
    const below = weights.reduce((sum, weight, i) => sum + ((present[i] as number) < k ? weight : 0), 0);
    const here = weights.reduce((sum, weight, i) => sum + (present[i] === k ? weight : 0), 0);
    return normalQuantile(Math.min(1 - 1e-6, Math.max(1e-6, (below + here / 2) / total)));
  });
  const groups = presenceScores.map((middle, k) => ({
    middle,
    share: weights.reduce((sum, weight, i) => sum + (present[i] === k ? weight : 0), 0) / total,
  }));
  /** Standard normal over all rows of the class: the level of a score in the mixture of its groups, as a normal score. */
  const standardise = (score: number): number => {
    const level = groups.reduce(
      (sum, { middle, share }) => sum + share * normalCdf((score - presenceWeight * middle) / restWeight),
      0,
    );
    return normalQuantile(Math.min(1 - 1e-12, Math.max(1e-12, level)));
  };
  const choosePattern = createChoice(weights);
  const quantiles = calibration.quantiles as Record<string, number[][]>;
  const maximum = calibration.maximum as Record<string, number>;
  const missing = calibration.missing as Record<string, number[]>;
  return {
    drawPattern(random: Random): { pattern: string; score: number } {
      const i = choosePattern(random);
      const middle = presenceScores[present[i] as number] as number;
      return {
        pattern: patterns[i] as string,
        score: standardise(presenceWeight * middle + restWeight * random.normal()),
      };
    },
    regularity: createRegularity(label),
    marginals: amountColumns.map((column) =>
      createMarginal(quantiles[column]?.[label] as number[], maximum[column] as number),
    ),
    zoneMissing: [missing.ZONE1?.[label] as number, missing.ZONE2?.[label] as number] as const,
    drawRegion: levelsOf(calibration.region as Levels, label),
    drawTenure: levelsOf(calibration.tenure as Levels, label),
    drawTopPack: levelsOf(calibration.topPack as Levels, label),
  };
}

function drawId(random: Random): string {
  let id = "";
  for (let i = 0; i < 5; i++) id += random.integer(0x1_0000_0000).toString(16).padStart(8, "0");
  return id;
}

/**
 * Synthetic customers with the shape of the Expresso data, one at a time: class rate, missing patterns by class, REGULARITY
 * and categories with their churn rates, quantiles by class, rank correlations, co-missing groups and identities, all from
 * the published statistics in calibration.json. The same seed gives the same customers.
 *
 * Not captured: quantiles given that a cell is present. They hold for the class as a whole, and cells go missing mostly
 * among the less active, so the amounts left are larger than published (median MONTANT: 4,300 for 3,100 of those who stay,
 * 3,000 for 1,000 of churners). Drawing them right is worse on real rows, for it tells the classes apart too well beside
 * REGULARITY. Further: correlations that differ between the classes, interactions beyond missing pattern × class, heaping of
 * amounts on round figures other than steps of 50, rare levels of TOP_PACK without a published rate.
 */
export function* generate({ rows, seed }: SyntheticOptions): Generator<LabelledCustomer> {
  const random = createRandom(seed);
  const classes = [createClass(0), createClass(1)] as const;
  const factor = factorCorrelations();
  const normals = new Float64Array(factor.length);
  for (let row = 0; row < rows; row++) {
    const churned = random.uniform() < calibration.churnRate;
    const model = classes[churned ? 1 : 0];
    const { pattern, score } = model.drawPattern(random);
    const [hasRegion, hasMontant, hasRevenue, hasData, hasOnNet, hasOrange, hasTigo, hasPack] = [...pattern].map(
      (bit) => bit === "1",
    );
    normals[0] = score;
    for (let i = 1; i < normals.length; i++) normals[i] = random.normal();
    const amounts = amountColumns.map((_, i) => {
      const weights = factor[i + 1] as number[];
      const correlated = weights.reduce((sum, weight, j) => sum + weight * (normals[j] as number), 0);
      return (model.marginals[i] as (score: number) => number)(correlated);
    });
    const [montant, rech, revenue, frequence, data, onNet, orange, tigo, zone1, zone2, packs] = amounts as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const customer: Customer = {
      user_id: drawId(random),
      tenure: model.drawTenure(random),
      regularity: model.regularity(score),
    };
    if (hasRegion) customer.region = model.drawRegion(random);
    const roundMontant = Math.max(50, (montant < 1000 ? 50 : 100) * Math.round(montant / (montant < 1000 ? 50 : 100)));
    if (hasMontant) {
      customer.montant = roundMontant;
      customer.frequence_rech = Math.max(1, rech);
    }
    if (hasRevenue) {
      const value = hasMontant
        ? Math.max(1, Math.round(roundMontant * Math.exp(0.08 * random.normal() * Math.abs(random.normal()))))
        : Math.max(1, revenue);
      customer.revenue = value;
      customer.arpu_segment = Math.round(value / 3);
      customer.frequence = Math.max(
        1,
        hasMontant ? Math.max(frequence, random.uniform() < 0.965 ? Math.max(1, rech) : 1) : frequence,
      );
    }
    if (hasData) customer.data_volume = data;
    if (hasOnNet) customer.on_net = onNet;
    if (hasOrange) customer.orange = orange;
    if (hasTigo) customer.tigo = tigo;
    if (hasRevenue || hasMontant) {
      // Calls abroad are for those who pay: the rate among them is that of all, scaled up by their share.
      if (random.uniform() < (1 - model.zoneMissing[0]) * 1.4) customer.zone1 = zone1;
      if (random.uniform() < (1 - model.zoneMissing[1]) * 1.4) customer.zone2 = zone2;
    }
    if (hasPack) {
      customer.top_pack = model.drawTopPack(random);
      customer.freq_top_pack = Math.max(
        1,
        customer.frequence && random.uniform() < 0.975 ? Math.min(packs, customer.frequence) : packs,
      );
    }
    yield { customer, churned };
  }
}
