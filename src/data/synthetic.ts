import type { Customer, LabelledCustomer } from "../customer.ts";
import { createRandom, type Random } from "../statistics/random.ts";
import { createActivity } from "./synthetic-activity.ts";
import { calibration } from "./synthetic-calibration.ts";
import { createCategories } from "./synthetic-categories.ts";
import { createChurn } from "./synthetic-churn.ts";
import { createFeatures } from "./synthetic-features.ts";
import { createTopUps } from "./synthetic-top-ups.ts";
import { createUse } from "./synthetic-use.ts";

export interface SyntheticOptions {
  rows: number;
  seed: number;
}

function drawId(random: Random): string {
  let id = "";
  for (let i = 0; i < 5; i++) id += (random.integer(0x1_0000_0000) + 0x1_0000_0000).toString(16).slice(1);
  return id;
}

/**
 * Synthetic customers with the shape of the Expresso data, one at a time, from the statistics in calibration.json. The same
 * seed gives the same customers.
 *
 * Drawn in turn: the joint missing pattern; REGULARITY given it; the amounts, each by a linear regression of its normal score
 * on the pattern, the activity and the amounts before it, then through the quantiles of its column (MONTANT, REVENUE, FREQUENCE
 * and FREQ_TOP_PACK through tables of what they are to the number of top-ups, with round amounts as often as real ones); the
 * categories; last the class, by a logistic regression on all of it.
 *
 * Not captured: dependence beyond those regressions (tails that go together, thresholds of single packs); the amounts of a pack's
 * price; quarter hours and gigabytes as round figures of use; correlations within a class other than among those with no missing
 * cell; churn of packs without a published rate; anything of time.
 */
export function* generate({ rows, seed }: SyntheticOptions): Generator<LabelledCustomer> {
  const random = createRandom(seed);
  const features = createFeatures(calibration);
  const drawActivity = createActivity(calibration);
  const topUps = createTopUps(calibration, features);
  const use = createUse(calibration, features);
  const categories = createCategories(calibration, features);
  const churnProbability = createChurn(calibration);
  for (let row = 0; row < rows; row++) {
    const activity = drawActivity(random);
    const [hasRegion, hasMontant, hasRevenue, hasData, hasOnNet, hasOrange, hasTigo, hasPack] = activity.present;
    features.start(activity);
    const customer: Customer = {
      user_id: drawId(random),
      tenure: categories.drawTenure(random),
      regularity: activity.regularity,
    };
    const topped = hasMontant ? topUps.drawTopUps(random) : undefined;
    if (topped) {
      customer.montant = topped.montant;
      customer.frequence_rech = topped.frequenceRech;
    }
    if (hasRevenue) {
      const { revenue, frequence } = topped ? topUps.drawIncome(topped, random) : topUps.drawIncomeAlone(random);
      customer.revenue = revenue;
      customer.arpu_segment = Math.round(revenue / 3);
      customer.frequence = frequence;
    }
    if (hasData) customer.data_volume = use.drawDataVolume(random);
    if (hasOnNet) customer.on_net = use.drawOnNet(random);
    if (hasOrange) customer.orange = use.drawOrange(random);
    if (hasTigo) customer.tigo = use.drawTigo(random);
    if (hasMontant || hasRevenue) {
      const [hasZone1, hasZone2] = [use.hasZone1(random), use.hasZone2(random)];
      if (hasZone1) customer.zone1 = use.drawZone1(random);
      if (hasZone2) customer.zone2 = use.drawZone2(random);
    }
    if (hasRegion) customer.region = categories.drawRegion(random);
    if (hasPack) {
      const { topPack, freqTopPack } = categories.drawTopPack(customer.frequence as number, random);
      customer.top_pack = topPack;
      customer.freq_top_pack = freqTopPack;
    }
    yield { customer, churned: random.uniform() < churnProbability(customer, activity) };
  }
}
