import { scenarios } from "../../scheduler/scenarios.ts";
import type { ScenarioName } from "../../src/config.ts";
import type { LabelledCustomer } from "../../src/customer.ts";
import { domainAuc } from "../../src/learner/domain-classifier.ts";
import type { LoadedModel } from "../../src/models/registry.ts";
import { createRandom, type Random } from "../../src/statistics/random.ts";
import { fitComponents, reconstructionError } from "./principal-components.ts";
import { printTable } from "./table.ts";

const rows = 2000;
const undisturbed = 40;
const repeats = 10;

type Cells = { cells: Uint8Array; width: number };
type Disturbance = (drawn: LabelledCustomer[], random: Random) => LabelledCustomer[];

const play =
  (name: ScenarioName): Disturbance =>
  (drawn, random) =>
    drawn.map((labelled, i) => scenarios[name](labelled, { elapsed: i * 200, run: 1 }, random));

/** Every field looks as before; calls within the network and data no longer go with the rest of the customer. */
const unlinked: Disturbance = (drawn, random) => {
  const order = random.shuffle(drawn.map((_, i) => i));
  return drawn.map(({ customer, churned }, i) => {
    const other = drawn[order[i] as number]?.customer;
    return { customer: { ...customer, on_net: other?.on_net, data_volume: other?.data_volume }, churned };
  });
};

const disturbances: Record<string, Disturbance> = {
  "price-rise": play("price-rise"),
  "region-outage": play("region-outage"),
  "new-packs": play("new-packs"),
  "slow-drift, first window": play("slow-drift"),
  "on_net and data_volume of another customer": unlinked,
};

/**
 * The two usual ways to watch all fields together, by power and cost: a domain classifier (boosted trees), and the error of
 * reconstructing rows from the principal components of the reference. Power is how many standard deviations of undisturbed
 * windows a disturbed window of 2,000 is away, median of some; both see the same cells.
 */
export async function benchMultivariate(model: LoadedModel, customers: readonly LabelledCustomer[]): Promise<void> {
  const random = createRandom(3);
  const width = model.manifest.reference.features.length;
  const cellsOf = (drawn: readonly LabelledCustomer[]): Cells => {
    const cells = new Uint8Array(drawn.length * width);
    drawn.forEach(({ customer }, i) => void cells.set(model.binner.cells(customer, 0).subarray(0, width), i * width));
    return { cells, width };
  };
  const half = customers.length >> 1;
  const draw = (from: number, to: number): LabelledCustomer[] =>
    Array.from({ length: rows }, () => customers[from + random.integer(to - from)] as LabelledCustomer);
  const reference = cellsOf(draw(0, half));
  const components = fitComponents(reference);
  const methods = [
    { name: "domain classifier", of: (window: Cells) => domainAuc(reference, window) },
    { name: "PCA reconstruction", of: async (window: Cells) => reconstructionError(components, window) },
  ];
  const table: string[][] = [];
  for (const { name, of } of methods) {
    const usual: number[] = [];
    const start = performance.now();
    for (let i = 0; i < undisturbed; i++) usual.push(await of(cellsOf(draw(half, customers.length))));
    const milliseconds = (performance.now() - start) / undisturbed;
    const mean = usual.reduce((sum, value) => sum + value, 0) / undisturbed;
    const spread = Math.sqrt(usual.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (undisturbed - 1));
    const row = [name, milliseconds.toFixed(0)];
    for (const disturb of Object.values(disturbances)) {
      const away: number[] = [];
      for (let i = 0; i < repeats; i++) {
        const value = await of(cellsOf(disturb(draw(half, customers.length), random)));
        away.push(Math.abs(value - mean) / spread);
      }
      away.sort((a, b) => a - b);
      row.push((away[repeats >> 1] as number).toFixed(1));
    }
    table.push(row);
  }
  printTable(
    "Drift of all fields together: standard deviations away from undisturbed windows of 2,000, and cost of one look",
    [["method", "ms", ...Object.keys(disturbances)], ...table],
  );
}
