import { durationsOf } from "../promql.ts";

interface Rule {
  expr: string;
  for?: string;
}
export interface RuleFile {
  groups: { name: string; rules: Rule[] }[];
}

const milliseconds: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** @throws Error for a duration that does not come out in whole milliseconds. */
function hurriedDuration(duration: string, factor: number): string {
  const parts = [...duration.matchAll(/(\d+)(ms|s|m|h|d)/g)];
  if (parts.map(([part]) => part).join("") !== duration) throw new Error(`${duration} is no duration`);
  const sum = parts.reduce((total, [, count, unit]) => total + Number(count) * (milliseconds[unit as string] ?? 0), 0);
  if (sum % factor !== 0) throw new Error(`${duration} / ${factor} is no whole number of milliseconds`);
  return `${sum / factor}ms`;
}

function hurriedExpression(expression: string, factor: number): string {
  let hurried = "";
  let end = 0;
  for (const { from, to } of durationsOf(expression)) {
    hurried += expression.slice(end, from) + hurriedDuration(expression.slice(from, to), factor);
    end = to;
  }
  return hurried + expression.slice(end);
}

/**
 * The rules with every range, offset and `for` shorter by a factor, so that an alert of an hour fires within a test. Nothing else
 * changes: what is compared, and with what, stays as committed, and so do ages in seconds that are compared with.
 * @param text a file of rules, as Prometheus reads it
 * @returns the same as JSON, which is YAML
 * @throws Error for a duration that does not come out in whole milliseconds, or an expression that does not parse
 */
export function hurriedRules(text: string, factor: number): string {
  const { groups, ...rest } = Bun.YAML.parse(text) as RuleFile;
  return JSON.stringify({
    ...rest,
    groups: groups.map((group) => ({
      ...group,
      rules: group.rules.map((rule) => ({
        ...rule,
        expr: hurriedExpression(rule.expr, factor),
        ...(rule.for && { for: hurriedDuration(rule.for, factor) }),
      })),
    })),
  });
}
