import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { recordedSeries } from "../src/monitoring/panel.ts";
import { isCounter, knownLabels, knownSeries } from "./known-series.ts";
import { groupingLabelsOf, selectorsOf } from "./promql.ts";

interface Rule {
  record?: string;
  alert?: string;
  expr: string;
  for?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}
interface RuleTest {
  tests: { alert_rule_test: { alertname: string; exp_alerts: unknown[] }[] }[];
}

const read = <T>(file: string): T => Bun.YAML.parse(readFileSync(join(import.meta.dir, file), "utf8")) as T;
const rules = read<{ groups: { rules: Rule[] }[] }>("prometheus/rules.yml").groups.flatMap((group) => group.rules);
const alerts = rules.filter((rule) => rule.alert !== undefined);
const records = rules.filter((rule) => rule.record !== undefined).map((rule) => rule.record as string);

describe("the rules of Prometheus", () => {
  test("ask for series and labels that exist, and for counters as rates", () => {
    for (const { alert, record, expr } of rules) {
      const name = alert ?? record;
      for (const label of groupingLabelsOf(expr)) expect(knownLabels.has(label), `${label} in ${name}`).toBe(true);
      for (const { metric, matchers, functions } of selectorsOf(expr)) {
        expect(knownSeries.has(metric) || records.includes(metric), `${metric} in ${name}`).toBe(true);
        for (const { label } of matchers) expect(knownLabels.has(label), `${label} in ${name}`).toBe(true);
        if (isCounter(metric)) expect(["rate", "increase"], name).toContain(functions[0] ?? "");
      }
    }
  });

  test("record what the dashboards draw, under names of level, metric and operation", () => {
    for (const series of Object.values(recordedSeries)) expect(records).toContain(series);
    for (const record of records) expect(record).toMatch(/^[a-z_]+:[a-z_]+:[a-z0-9_]+$/);
  });

  test("say of every alert how bad it is, what it means and what to do", () => {
    expect(alerts.length).toBeGreaterThan(10);
    for (const { alert, for: duration, labels, annotations } of alerts) {
      expect(alert).toMatch(/^Churn([A-Z][a-z]+)+$/);
      expect(["critical", "warning", "info"], alert).toContain(labels?.severity ?? "");
      expect(annotations?.summary, alert).toBeTruthy();
      expect(annotations?.description, alert).toBeTruthy();
      expect(duration, alert).toMatch(/^(30s|\d+[mh])$/);
      expect(annotations?.runbook_url, alert).toBe(`ops/runbooks/${alert}.md`);
      expect(existsSync(join(import.meta.dir, "runbooks", `${alert}.md`)), alert).toBe(true);
      expect(readFileSync(join(import.meta.dir, "runbooks", `${alert}.md`), "utf8"), alert).toContain(
        `Severity: ${labels?.severity}.`,
      );
    }
  });

  test("have for every alert a case in which it fires and one in which it does not", () => {
    const cases = read<RuleTest>("prometheus/rules_test.yml").tests.flatMap((group) => group.alert_rule_test);
    for (const { alert } of alerts) {
      const own = cases.filter(({ alertname }) => alertname === alert).map(({ exp_alerts }) => exp_alerts.length);
      expect(
        own.some((count) => count > 0),
        `${alert} fires`,
      ).toBe(true);
      expect(own.includes(0), `${alert} does not fire`).toBe(true);
    }
    for (const { alertname } of cases) expect(alerts.map(({ alert }) => alert)).toContain(alertname);
  });
});

test("Alertmanager holds back and routes alerts that exist", () => {
  interface Inhibition {
    source_matchers: string[];
    target_matchers: string[];
  }
  const { inhibit_rules, route, receivers } = read<{
    inhibit_rules: Inhibition[];
    route: { receiver: string; routes: { receiver: string }[] };
    receivers: { name: string }[];
  }>("alertmanager/alertmanager.yml");
  const names = alerts.map(({ alert }) => alert as string);
  const matched = (matcher: string): string[] => {
    const [, operator, value = ""] = /^alertname(=~|=)"(.+)"$/.exec(matcher) ?? [];
    return names.filter((name) => (operator === "=" ? name === value : new RegExp(`^(?:${value})$`).test(name)));
  };
  for (const { source_matchers, target_matchers } of inhibit_rules) {
    const [source, target] = [source_matchers, target_matchers].map((matchers) =>
      matchers.filter((matcher) => matcher.startsWith("alertname")),
    ) as [string[], string[]];
    for (const matchers of [source, target]) expect(matchers).toHaveLength(1);
    for (const matcher of [...source, ...target]) expect(matched(matcher).length, matcher).toBeGreaterThan(0);
    const sources = source.flatMap(matched);
    expect(target.flatMap(matched).filter((name) => sources.includes(name))).toEqual([]);
  }
  const known = receivers.map(({ name }) => name);
  for (const { receiver } of [route, ...route.routes]) expect(known).toContain(receiver);
});
