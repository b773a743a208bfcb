import type { Random } from "../statistics/random.ts";
import { createChoice, createLogitChoice, weigh } from "./choice.ts";
import { bandOf, createInterpolation } from "./interpolation.ts";
import type { Calibration } from "./synthetic-calibration.ts";
import type { Features } from "./synthetic-features.ts";

/** REGION and TOP_PACK by multinomial regression on the amounts, TENURE by its shares, FREQ_TOP_PACK by the pack. */
export function createCategories(calibration: Calibration, features: Features) {
  const { region, tenure, topPack, topPackKinds, freqTopPack } = calibration;
  const regions = Object.keys(region);
  const chooseRegion = createLogitChoice(Object.values(region));
  const tenures = Object.keys(tenure);
  const chooseTenure = createChoice(Object.values(tenure));
  const chooseKind = createLogitChoice(Object.values(topPackKinds));
  const kinds = Object.keys(topPackKinds).map((kind) => {
    const levels = Object.entries(topPack).filter(([, [, ofKind]]) => ofKind === kind);
    return {
      names: levels.map(([name]) => name),
      choose: createChoice(levels.map(([, [share]]) => share)),
      times: freqTopPack.byKind[kind] as number,
    };
  });
  const ratios = freqTopPack.ratio.map((row, band) => createInterpolation(freqTopPack.scores[band] as number[], row));

  return {
    drawRegion: (random: Random): string => regions[chooseRegion(features.values, random)] as string,
    drawTenure: (random: Random): string => tenures[chooseTenure(random)] as string,
    /** A pack, and how often it was bought of `frequence` times that the customer made an income. */
    drawTopPack(frequence: number, random: Random): { topPack: string; freqTopPack: number } {
      const { names, choose, times } = kinds[chooseKind(features.values, random)] as (typeof kinds)[number];
      const score = weigh(freqTopPack.weights, features.values) + times + freqTopPack.deviation * random.normal();
      const ratio = (ratios[bandOf(frequence, freqTopPack.bands)] as (at: number) => number)(score);
      return { topPack: names[choose(random)] as string, freqTopPack: Math.max(1, Math.round(ratio * frequence)) };
    },
  };
}
