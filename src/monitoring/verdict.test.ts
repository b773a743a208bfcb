import { describe, expect, test } from "bun:test";
import { fieldNames } from "../customer.ts";
import type { MonitorResult } from "../storage/monitor-results.ts";
import { type MonitorName, seriesOf } from "./finding.ts";
import { presentAlarm } from "./report.ts";
import { verdictOf } from "./verdict.ts";

const time = Date.UTC(2026, 0, 1, 12);
const result = (monitor: MonitorName, given: Partial<MonitorResult> = {}): MonitorResult => ({
  evaluatedAt: time,
  monitor,
  metric: "psi",
  feature: null,
  bin: null,
  value: 0.2,
  lower: Number.NaN,
  upper: Number.NaN,
  standardError: Number.NaN,
  thresholdLower: Number.NaN,
  thresholdUpper: 0.1,
  chance: 1e-6,
  rows: 2000,
  verdict: "alarm",
  severity: "info",
  since: time,
  windowFrom: time,
  windowTo: time,
  modelVersion: "v",
  scenario: "none",
  ...given,
});
const sound = [
  result("prediction", { verdict: "ok", severity: "ok", value: 0.01 }),
  result("realized", { metric: "roc_auc", verdict: "ok", severity: "ok", value: 0.94 }),
];
const realized = result("realized", { metric: "log_loss", severity: "critical" });
const segment = result("segment", { metric: "brier", feature: "regularity", bin: "24-30", severity: "warning" });
const drift = result("drift", { feature: "montant" });
const score = [{ bin: "<=0.001", reference: 0.1, current: 0.2 }];
const evidence = new Map([
  [seriesOf(drift), { about: "montant", bins: [{ bin: "__zero__", reference: 0.1, current: 0.4 }] }],
  [seriesOf(realized), { about: "scores", bins: score }],
]);
const say = (results: MonitorResult[], silentSince: number | null = null) =>
  verdictOf({ results, evidence, silentSince });

describe("the verdict", () => {
  test("believes a model of which nothing moved", () => {
    expect(say(sound).sentence).toStartWith("The model can be believed: over the last 2,000 predictions");
    expect(say([]).since).toBeNull();
  });

  test("is critical when nobody looks, whatever the last look found", () => {
    const { severity, sentence, since } = say(sound, time);
    expect([severity, since]).toEqual(["critical", new Date(time).toISOString()]);
    expect(sentence).toContain("The monitors have not finished a look since 2026-01-01T12:00:00.000Z");
  });

  test("says of a change of meaning where it is worst, and that no input moved", () => {
    const { sentence, advice } = say([realized, segment]);
    expect(sentence).toContain("It got worse most where regularity is 24 to 30. The inputs look as at training");
    expect(sentence).not.toContain("Moved:");
    expect(advice).toContain("train again");
  });

  test("blames the input that moved, and nothing that did not", () => {
    const { sentence, advice } = say([realized, segment, drift]);
    expect(sentence).toEndWith("Moved: montant.");
    expect(sentence).not.toContain("as at training");
    expect(advice).toStartWith("Ask whoever delivers montant what changed");
  });

  test("names six inputs at most, and says how many more moved", () => {
    const all = fieldNames.map((feature) => ({ ...drift, feature }));
    expect(say(all).sentence).toEndWith(` Moved: ${fieldNames.slice(0, 6).join(", ")} and 10 more.`);
  });

  test("names the one input once", () => {
    expect(say([drift]).sentence).toBe(
      "The model can be believed, though its inputs moved. montant is not distributed as it was: zero in 40 % of the predictions instead of 10 %. PSI 0.2, above 0.1; chance alone does that in 1 of 1,000,000 windows.",
    );
  });
});

test("an alarm comes with the distributions that it is about, and without them when they were not kept", () => {
  const shown = (alarm: MonitorResult) => {
    const { distribution, reference, current } = presentAlarm(alarm, evidence);
    return [distribution, reference, current];
  };
  expect(shown(drift)).toEqual(["montant", [{ bin: "__zero__", ratio: 0.1 }], [{ bin: "__zero__", ratio: 0.4 }]]);
  expect(shown(realized)[2]).toEqual([{ bin: "<=0.001", ratio: 0.2 }]);
  expect(shown(result("stream", { metric: "refused_ratio" }))).toEqual([null, null, null]);
});
