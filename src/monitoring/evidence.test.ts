import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { ScenarioName } from "../config.ts";
import { generate } from "../data/synthetic.ts";
import type { LoadedModel } from "../models/registry.ts";
import { createMonitoredScene, disturb } from "../testing/monitored-scene.ts";
import { temporaryFolder } from "../testing/service-process.ts";
import { loadSmallModel } from "../testing/small-model.ts";
import { attributionFindings, createAttributionWindow } from "./attribution.ts";
import { type Evidence, seriesOf } from "./finding.ts";
import { alarmsOf, presentAlarm } from "./report.ts";

const folder = temporaryFolder();
const customers = [...generate({ rows: 4000, seed: 77 })];
let model: LoadedModel;

beforeAll(async () => {
  model = await loadSmallModel(folder.path, 30_000);
}, 60_000);
afterAll(() => folder.remove());

type Scene = ReturnType<typeof createMonitoredScene>;
type Alarm = ReturnType<typeof presentAlarm>;

/** The alarms of a scene as they are reported, by series. */
const reported = (scene: Pick<Scene, "latest" | "evidence">): Map<string, Alarm> =>
  new Map(alarmsOf(scene.latest()).map((alarm) => [seriesOf(alarm).trim(), presentAlarm(alarm, scene.evidence())]));

async function playScenario(name: ScenarioName): Promise<Scene> {
  const scene = createMonitoredScene(model);
  const played = disturb(name, customers.slice(0, 3000));
  await scene.play(played.slice(0, 2000));
  await scene.run();
  // All fields together are looked at again when half of the rows are new.
  await scene.play(played.slice(2000));
  await scene.run();
  return scene;
}

/** Labels, predictions, requests: all that can stop or go wrong about the stream. */
async function playBrokenStream(): Promise<Scene> {
  const scene = createMonitoredScene(model);
  await scene.play(customers.slice(0, 1000));
  await scene.run();
  await scene.play(customers.slice(1000, 2000), "none");
  await scene.play(customers.slice(1900, 2200), "none");
  scene.refuse(100);
  scene.wait(3_600_000);
  await scene.run();
  await scene.run();
  return scene;
}

const share = (side: Alarm["current"], bin: string): number =>
  side?.find((candidate) => candidate.bin === bin)?.ratio ?? Number.NaN;
/** Share of the lower or upper half of the bins. */
const half = (side: Alarm["current"], of: "lower" | "upper"): number => {
  const bins = side ?? [];
  const middle = bins.length / 2;
  return (of === "lower" ? bins.slice(0, middle) : bins.slice(middle)).reduce((sum, { ratio }) => sum + ratio, 0);
};

describe("every alarm is reported with a reference and a current distribution", () => {
  test("whatever raised it: all monitors but attribution, which needs more looks, in four scenes", async () => {
    const churners = createMonitoredScene(model);
    await churners.play(customers.filter(({ churned }) => churned));
    await churners.run();
    await churners.run();
    const scenes = [
      await playScenario("region-outage"),
      await playScenario("concept"),
      await playBrokenStream(),
      churners,
    ];
    const alarms = scenes.flatMap((scene) => [...reported(scene).values()]);
    expect([...new Set(alarms.map(({ monitor }) => monitor))].sort()).toEqual(
      [
        "drift",
        "estimate_error",
        "estimated",
        "labels",
        "multivariate",
        "prediction",
        "quality",
        "realized",
        "segment",
        "stream",
      ].sort(),
    );
    for (const { monitor, metric, distribution, reference, current } of alarms) {
      const sums = [reference, current].map((side) => side?.reduce((sum, { ratio }) => sum + ratio, 0) ?? 0);
      expect([monitor, metric, ...sums.map((sum) => Number(sum.toFixed(4)))]).toEqual([monitor, metric, 1, 1]);
      expect(distribution).toMatch(/beside|since/);
      expect(reference).not.toEqual(current);
    }
  });

  test("multivariate: trees find rows of the window more probably of the window than those of the reference", async () => {
    const alarm = reported(await playScenario("region-outage")).get("multivariate domain_auc");
    expect(half(alarm?.current ?? null, "upper")).toBeGreaterThan(half(alarm?.reference ?? null, "upper") + 0.1);
  });

  test("realized, estimate_error, segment: churners where none were expected, errors larger than they should be", async () => {
    const alarms = reported(await playScenario("concept"));
    for (const series of ["realized roc_auc", "estimate_error roc_auc"]) {
      const { reference, current } = alarms.get(series) as Alarm;
      expect(half(current, "lower")).toBeGreaterThan(half(reference, "lower") + 0.2);
    }
    const outcomes = alarms.get("realized recall") as Alarm;
    expect(outcomes.current?.map(({ bin }) => bin)).toEqual([
      "true positive",
      "false positive",
      "false negative",
      "true negative",
    ]);
    expect(share(outcomes.current, "false negative")).toBeGreaterThan(2 * share(outcomes.reference, "false negative"));
    const segment = alarms.get("segment brier regularity") as Alarm;
    expect(half(segment.current, "upper")).toBeGreaterThan(half(segment.reference, "upper") + 0.1);
  });

  test("labels: the delays of those that came, and no label for most that should have one", async () => {
    const alarm = reported(await playBrokenStream()).get("labels due_coverage") as Alarm;
    expect(share(alarm.reference, "no label")).toBe(0);
    expect(share(alarm.current, "no label")).toBeCloseTo(1 - (alarm.value as number), 6);
  });

  test("stream: a silence beside the usual gaps, repetitions, and refusals by reason", async () => {
    const alarms = reported(await playBrokenStream());
    const silence = alarms.get("stream age_seconds") as Alarm;
    expect([share(silence.reference, "<=1"), share(silence.current, ">3600")]).toEqual([expect.closeTo(1, 2), 1]);
    const repeated = alarms.get("stream duplicate_ratio") as Alarm;
    expect([share(repeated.reference, "second"), share(repeated.current, "second")]).toEqual([
      0,
      expect.closeTo(repeated.value as number, 6),
    ]);
    const refused = alarms.get("stream refused_ratio") as Alarm;
    expect(share(refused.current, "wrong type")).toBeCloseTo(100 / 2100, 4);
  });

  test("attribution: contributions that grew, beside those of the holdout; of a model of before, its feature", () => {
    const { manifest } = model;
    const at = manifest.features.findIndex(({ name }) => name === "regularity");
    const window = createAttributionWindow(manifest.features.length);
    for (const { customer } of customers.slice(0, 500))
      window.add(
        model
          .explanations()
          .contributionsOf(customer)
          .map((value, f) => (f === at ? 3 * value : value)),
      );
    const evidenceOf = (given: typeof manifest): Evidence | undefined =>
      attributionFindings(window, given).find(({ feature }) => feature === "regularity")?.evidence;
    const found = evidenceOf(manifest);
    const last = found?.bins.at(-1);
    expect(last?.reference).toBeCloseTo(1 / (found?.bins.length ?? 0), 1);
    expect(last?.current).toBeGreaterThan(2 * (last?.reference as number));
    const old = structuredClone(manifest);
    for (const usual of Object.values(old.attribution?.features ?? {})) delete usual.bins;
    expect(evidenceOf(old)).toBeUndefined();
  });

  test("after a restart too, before anybody looked again; and none is kept when all is well", async () => {
    const scene = await playScenario("feed-break");
    const before = reported(scene);
    const again = createMonitoredScene(model, scene.stores);
    const sides = (alarms: Map<string, Alarm>) =>
      [...alarms].map(([series, { distribution, reference, current }]) => [
        series,
        distribution,
        ...[reference, current].map((side) =>
          side?.map(({ bin, ratio }) => [bin, Number(ratio.toPrecision(6))] as const),
        ),
      ]);
    expect(before.size).toBeGreaterThan(0);
    expect([...before.values()].filter(({ current }) => current === null)).toEqual([]);
    expect(sides(reported(again))).toEqual(sides(before));
    expect((scene.stores.state.get("monitoring.evidence") as string).length).toBeLessThan(30_000);
    await scene.play(customers.slice(2000, 4000));
    await scene.run();
    expect([scene.evidence().size, createMonitoredScene(model, scene.stores).evidence().size]).toEqual([0, 0]);
  });

  test("and without distributions where a program of before kept none", async () => {
    const scene = await playScenario("feed-break");
    scene.stores.state.put("monitoring.evidence", "null");
    const { reference, current, distribution } = [
      ...reported(createMonitoredScene(model, scene.stores)).values(),
    ][0] as Alarm;
    expect([reference, current, distribution]).toEqual([null, null, null]);
  });
});
