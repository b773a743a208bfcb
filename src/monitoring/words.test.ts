import { expect, test } from "bun:test";
import type { MonitorResult } from "../storage/monitor-results.ts";
import { chanceClause, sentenceOf } from "./words.ts";

const result: MonitorResult = {
  evaluatedAt: 0,
  monitor: "multivariate",
  metric: "domain_auc",
  feature: null,
  bin: null,
  value: 0.594,
  lower: Number.NaN,
  upper: Number.NaN,
  standardError: Number.NaN,
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
const alarm = sentenceOf(result);

test("what was outside in one look is not called undisturbed", () => {
  expect(sentenceOf({ ...result, verdict: "ok", value: 0.51 })).toEndWith("no better than chance.");
  const once = sentenceOf({ ...result, verdict: "ok" });
  expect(once).toBe(`${alarm} That was seen in one look; an alarm takes two in a row.`);
});

test("the chance can be left out of a sentence", () => {
  expect(alarm).toContain("chance");
  expect(alarm.replace(chanceClause, "")).toBe(
    "The fields together can be told from those of training: trees do it with ROC AUC 0.594, above 0.537.",
  );
});
