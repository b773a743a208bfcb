import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { durationsOf } from "../promql.ts";
import { hurriedRules, type RuleFile } from "./hurried-rules.ts";

const committed = readFileSync(join(import.meta.dir, "..", "prometheus", "rules.yml"), "utf8");
const parse = (text: string) => Bun.YAML.parse(text) as RuleFile;

/** A file of rules with every duration taken out, and the durations. */
function takeApart(text: string): { rest: RuleFile; durations: string[] } {
  const rest = parse(text);
  const durations: string[] = [];
  for (const rule of rest.groups.flatMap(({ rules }) => rules)) {
    const places = durationsOf(rule.expr);
    durations.push(...places.map(({ from, to }) => rule.expr.slice(from, to)));
    for (const { from, to } of places.reverse()) rule.expr = `${rule.expr.slice(0, from)}…${rule.expr.slice(to)}`;
    if (!rule.for) continue;
    durations.push(rule.for);
    rule.for = "…";
  }
  return { rest, durations };
}

test("hurried rules differ from the committed ones in their durations, all by one factor, and in nothing else", () => {
  const before = takeApart(committed);
  const after = takeApart(hurriedRules(committed, 50));
  expect(after.rest).toEqual(before.rest);
  expect(before.durations).toContain("5m");
  const seconds: Record<string, number> = {
    "30s": 30,
    "1m": 60,
    "2m": 120,
    "5m": 300,
    "10m": 600,
    "15m": 900,
    "1h": 3600,
  };
  expect(after.durations).toEqual(before.durations.map((duration) => `${((seconds[duration] ?? 0) * 1000) / 50}ms`));
});

test("offsets are hurried, what is compared with is not, nor what only looks like a duration", () => {
  const text = JSON.stringify({ groups: [{ name: "g", rules: [{ expr: 'rate(a{b="5m"}[1h30m] offset 1m) > 60' }] }] });
  expect(parse(hurriedRules(text, 30)).groups[0]?.rules[0]?.expr).toBe('rate(a{b="5m"}[180000ms] offset 2000ms) > 60');
});

test("a duration that does not come out whole is refused", () => {
  expect(() => hurriedRules(committed, 70_001)).toThrow("no whole number of milliseconds");
});
