import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { scenarios } from "../../scheduler/scenarios.ts";
import type { ScenarioName } from "../config.ts";
import type { LabelledCustomer } from "../customer.ts";
import { generate } from "../data/synthetic.ts";
import { createRegistry, type LoadedModel } from "../models/registry.ts";
import { createRandom } from "../statistics/random.ts";
import { openStores } from "../storage/stores.ts";
import { temporaryFolder, trainSmallModel } from "../testing/service-process.ts";
import { createEvents, type ServiceEvent } from "./events.ts";
import { createMonitors, type MonitorPass } from "./monitors.ts";
import { createScenarioSwitch } from "./scenario.ts";

const folder = temporaryFolder();
const customers = [...generate({ rows: 12_000, seed: 77 })];
let model: LoadedModel;

beforeAll(async () => {
  await trainSmallModel(folder.path, 30_000);
  const stores = openStores(join(folder.path, "service.db"));
  const registry = createRegistry({ directory: join(folder.path, "models"), store: stores.models, now: () => 0 });
  model = await registry.load(registry.currentUse()?.version as string);
  stores.close();
}, 60_000);
afterAll(() => folder.remove());

/** Monitors over a database of their own, and a way to let customers be predicted and labelled. */
function createScene() {
  const stores = openStores(":memory:");
  const events = createEvents();
  const heard: ServiceEvent[] = [];
  events.subscribe((event) => void heard.push(event));
  let time = Date.UTC(2026, 0);
  const now = () => (time += 1000);
  const monitors = createMonitors({
    windowSize: 2000,
    predictions: stores.predictions,
    results: stores.results,
    scenario: createScenarioSwitch({ state: stores.state, now, onSwitch: () => {} }),
    events,
    random: createRandom(1),
    now,
    onPass: () => {},
  });
  const width = model.manifest.features.length;
  async function play(labelled: readonly LabelledCustomer[], labels: "all" | "none" = "all"): Promise<void> {
    const features = new Float32Array(labelled.length * width);
    for (const [i, { customer }] of labelled.entries()) model.encode(customer, features, i * width);
    const probabilities = labelled.length > 0 ? await model.session.score(features, labelled.length) : [];
    for (const [i, { customer, churned }] of labelled.entries()) {
      const probability = probabilities[i] as number;
      const seq = stores.predictions.insert({
        id: crypto.randomUUID(),
        userId: customer.user_id,
        predictedAt: now(),
        modelVersion: model.manifest.version,
        source: "replay",
        customer: "{}",
        probability,
        threshold: model.manifest.threshold,
        churn: probability >= model.manifest.threshold,
        cells: model.binner.cells(customer, probability),
      });
      if (labels === "all") stores.labels.put(seq, { churned, observedAt: time, receivedAt: time });
    }
  }
  return { play, run: () => monitors.run(model), heard };
}

const alarms = ({ results }: MonitorPass): string[] =>
  results
    .filter(({ verdict }) => verdict === "alarm")
    .map(({ monitor, metric, feature }) => `${monitor} ${metric} ${feature ?? ""}`.trim());

function disturb(name: ScenarioName, rows: readonly LabelledCustomer[]): LabelledCustomer[] {
  const random = createRandom(3);
  return rows.map((labelled, i) => scenarios[name](labelled, i * 200, random));
}

describe("the monitors", () => {
  test("raise no alarm over undisturbed windows", async () => {
    const scene = createScene();
    for (let start = 0; start < customers.length; start += 2000) {
      await scene.play(customers.slice(start, start + 2000));
      expect(alarms(await scene.run())).toEqual([]);
      expect(alarms(await scene.run())).toEqual([]);
    }
  });

  test.each<[ScenarioName, string]>([
    ["price-rise", "drift psi revenue"],
    ["region-outage", "drift psi region"],
    ["region-outage", "quality missing_ratio region"],
    ["feed-break", "drift psi data_volume"],
    ["new-packs", "quality unseen_ratio top_pack"],
    ["unit-change", "drift psi data_volume"],
    ["concept", "realized roc_auc"],
  ])("notice %s: %s", async (name, expected) => {
    const scene = createScene();
    await scene.play(disturb(name, customers.slice(0, 2000)));
    expect(alarms(await scene.run())).toEqual([]);
    expect(alarms(await scene.run())).toContain(expected);
    expect(scene.heard).toContainEqual(
      expect.objectContaining({ type: "alarm", data: expect.objectContaining({ state: "raised" }) }),
    );
  });

  test("do not claim from the scores what only labels can show", async () => {
    const scene = createScene();
    await scene.play(disturb("concept", customers.slice(0, 2000)));
    await scene.run();
    expect(alarms(await scene.run()).filter((alarm) => !alarm.startsWith("realized"))).toEqual([]);
  });

  test("clear an alarm when the window is sound again, and tell so", async () => {
    const scene = createScene();
    await scene.play(disturb("feed-break", customers.slice(0, 2000)));
    await scene.run();
    expect(alarms(await scene.run())).not.toEqual([]);
    await scene.play(customers.slice(2000, 4000));
    expect(alarms(await scene.run())).toEqual([]);
    expect(scene.heard).toContainEqual(
      expect.objectContaining({ data: expect.objectContaining({ state: "cleared", feature: "data_volume" }) }),
    );
  });

  test("give NaN and a row count, never an exception, when there is nothing to judge by", async () => {
    const onlyStayed = customers.filter(({ churned }) => !churned).slice(0, 2000);
    const nothing = Array.from({ length: 500 }, (_, i) => ({ customer: { user_id: String(i) }, churned: i % 2 === 0 }));
    for (const rows of [[], customers.slice(0, 50), onlyStayed, nothing]) {
      const scene = createScene();
      await scene.play(rows);
      const { results } = await scene.run();
      expect(results.every(({ verdict, value }) => verdict === "ok" || Number.isNaN(value))).toBe(true);
      expect(results.find(({ monitor }) => monitor === "drift")?.rows).toBe(rows.length);
    }
  });

  test("call a window without labels immature, and estimate its performance all the same", async () => {
    const scene = createScene();
    await scene.play(customers.slice(0, 2000), "none");
    const { results, coverage } = await scene.run();
    const auc = (monitor: string) =>
      results.find((result) => result.monitor === monitor && result.metric === "roc_auc");
    expect([coverage, auc("realized")?.verdict, auc("realized")?.value]).toEqual([0, "immature", Number.NaN]);
    expect(auc("estimated")?.value as number).toBeGreaterThan(0.9);
  });

  test("estimate what labels later show", async () => {
    const scene = createScene();
    await scene.play(customers.slice(0, 2000));
    const { results } = await scene.run();
    for (const { metric, value, lower, upper } of results.filter(({ monitor }) => monitor === "estimated")) {
      const realized = results.find((result) => result.monitor === "realized" && result.metric === metric);
      expect([metric, Math.abs(value - (realized?.value as number)) < 2 * (upper - lower)]).toEqual([metric, true]);
    }
  });
});
