import { expect, test } from "bun:test";
import { fieldNames } from "../customer.ts";
import type { MonitorResult } from "../storage/monitor-results.ts";
import { verdictOf } from "./report.ts";

const result: MonitorResult = {
  evaluatedAt: 0,
  monitor: "multivariate",
  metric: "domain_auc",
  feature: null,
  bin: null,
  value: 0.594,
  lower: Number.NaN,
  upper: Number.NaN,
  thresholdLower: Number.NaN,
  thresholdUpper: 0.537,
  chance: 1e-6,
  windowFrom: null,
  windowTo: null,
  rows: 2000,
  verdict: "alarm",
  severity: "info",
  since: 0,
  modelVersion: "1",
  scenario: "none",
};

test("the verdict names the fields that moved, and not those along which a segment got worse", () => {
  const realized: MonitorResult = { ...result, monitor: "realized", metric: "log_loss", severity: "critical" };
  const segment: MonitorResult = {
    ...realized,
    monitor: "segment",
    metric: "brier",
    feature: "regularity",
    bin: "≤ 2",
  };
  const drift = (feature: string): MonitorResult => ({ ...result, monitor: "drift", metric: "psi", feature });
  expect(verdictOf([realized, segment], null).sentence).not.toContain("Moved");
  expect(verdictOf([drift("montant")], null).sentence).not.toContain("Moved");
  expect(verdictOf([realized, segment, drift("montant")], null).sentence).toEndWith(" Moved: montant.");
  expect(verdictOf([drift("montant"), drift("revenue")], null).sentence).toEndWith(" Moved: montant, revenue.");
  const all = fieldNames.map(drift);
  expect(verdictOf(all, null).sentence).toEndWith(` Moved: ${fieldNames.slice(0, 6).join(", ")} and 10 more.`);
});
