import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { ScenarioName } from "../config.ts";
import { generate } from "../data/synthetic.ts";
import type { LoadedModel } from "../models/registry.ts";
import type { openStores } from "../storage/stores.ts";
import { createMonitoredScene, disturb } from "../testing/monitored-scene.ts";
import { temporaryFolder } from "../testing/service-process.ts";
import { loadSmallModel } from "../testing/small-model.ts";
import type { MonitorPass } from "./monitors.ts";

const folder = temporaryFolder();
const customers = [...generate({ rows: 12_000, seed: 77 })];
let model: LoadedModel;

beforeAll(async () => {
  model = await loadSmallModel(folder.path, 30_000);
}, 60_000);
afterAll(() => folder.remove());

const createScene = (stores?: ReturnType<typeof openStores>) => createMonitoredScene(model, stores);

const alarms = ({ results }: MonitorPass): string[] =>
  results
    .filter(({ verdict }) => verdict === "alarm")
    .map(({ monitor, metric, feature }) => `${monitor} ${metric} ${feature ?? ""}`.trim());

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
    ["concept", "estimate_error roc_auc"],
    ["concept", "segment brier regularity"],
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
    expect(alarms(await scene.run()).filter((alarm) => !/^(realized|estimate_error|segment) /.test(alarm))).toEqual([]);
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

  const find = ({ results }: MonitorPass, monitor: string, metric: string) =>
    results.find((result) => result.monitor === monitor && result.metric === metric);

  test("follow labels that come later, and their correction", async () => {
    const scene = createScene();
    const rows = customers.slice(0, 2000);
    await scene.play(rows, "none");
    await scene.run();
    rows.forEach(({ churned }, i) => void scene.label(scene.played[i] as number, churned, "recorded"));
    const labelled = await scene.run();
    expect([labelled.coverage, find(labelled, "realized", "accuracy")?.verdict]).toEqual([1, "ok"]);
    const first = scene.played[0] as number;
    const churned = rows[0]?.churned === true;
    scene.label(first, !churned, "corrected");
    const corrected = await scene.run();
    const positives = ({ confusion }: MonitorPass) => (confusion["1:0"] as number) + (confusion["1:1"] as number);
    expect(positives(corrected) - positives(labelled)).toBe(churned ? -1 : 1);
  });

  test("say when labels stop, predictions stop, requests repeat themselves or are refused", async () => {
    const scene = createScene();
    await scene.play(customers.slice(0, 1000));
    expect(find(await scene.run(), "labels", "delay_seconds")?.value).toBe(5);
    await scene.play(customers.slice(1000, 2000), "none");
    await scene.play(customers.slice(1900, 2200), "none");
    scene.refuse(100);
    scene.wait(3_600_000);
    await scene.run();
    const pass = await scene.run();
    expect(find(pass, "stream", "refused_ratio")?.bin).toBe("wrong_type");
    const severities = pass.results
      .filter(({ verdict }) => verdict === "alarm")
      .map(({ monitor, metric, severity }) => `${severity} ${monitor} ${metric}`);
    expect(severities.sort()).toEqual([
      "critical labels due_coverage",
      "critical stream age_seconds",
      "info stream duplicate_ratio",
      "warning stream refused_ratio",
    ]);
  });

  test("say when nobody looked for more than three looks", async () => {
    const scene = createScene();
    expect(scene.silentSince()).toBeNull();
    await scene.run();
    scene.wait(30_000);
    expect(scene.silentSince()).toBeNull();
    scene.wait(30_000);
    expect(scene.silentSince()).toBeGreaterThan(0);
    await scene.run();
    expect(scene.silentSince()).toBeNull();
  });

  test("show the newest look, also after the clock was set back", async () => {
    const scene = createScene();
    scene.wait(3_600_000);
    await scene.run();
    scene.wait(-3_600_000);
    const { evaluatedAt } = await scene.run();
    expect(scene.latest()[0]?.evaluatedAt).toBe(evaluatedAt);
  });

  test("know after a restart that labels have stopped, though no label is left in the window", async () => {
    const scene = createScene();
    await scene.play(customers.slice(0, 400));
    await scene.play(customers.slice(400, 2600), "none");
    const again = createScene(scene.stores);
    again.wait(3_600_000);
    await again.run();
    expect(find(await again.run(), "labels", "due_coverage")?.severity).toBe("critical");
  });

  test("look at the newest predictions when more came than fill a window", async () => {
    const scene = createScene();
    await scene.play(customers.slice(0, 100));
    await scene.run();
    await scene.play(customers.slice(100, 4000));
    const { rows, coverage, bins } = await scene.run();
    const fresh = createScene(scene.stores);
    const again = await fresh.run();
    expect([rows, coverage]).toEqual([2000, 1]);
    expect(bins).toEqual(again.bins);
  });

  test("see nothing, and say so, of a version that nobody asks any more", async () => {
    const scene = createScene();
    await scene.play(customers.slice(0, 500), "all", "20200101T000000");
    const { rows, results } = await scene.run();
    expect(rows).toBe(0);
    for (const { value, rows, verdict } of results)
      expect([value, rows, verdict]).toEqual([Number.NaN, 0, "insufficient"]);
  });

  test("tell a warning from an info by how far an input moved that the model leans on", async () => {
    const severityOf = async (name: ScenarioName, feature: string) => {
      const scene = createScene();
      await scene.play(disturb(name, customers.slice(0, 2000)));
      await scene.run();
      const { results } = await scene.run();
      return results.find((result) => result.monitor === "drift" && result.feature === feature)?.severity;
    };
    expect(await severityOf("region-outage", "region")).toBe("warning");
    expect(await severityOf("new-packs", "top_pack")).toBe("info");
    expect(await severityOf("concept", "region")).toBe("ok");
  });
});
