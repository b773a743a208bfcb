import type { SyntaxNode } from "@lezer/common";
import { parser } from "@prometheus-io/lezer-promql";

/** One selector of an expression, with what surrounds it. */
export interface Selector {
  metric: string;
  matchers: { label: string; operator: string; value: string }[];
  /** The range in brackets, or null for an instant selector. */
  range: string | null;
  /** Names of the functions around it, the innermost first. */
  functions: string[];
}

/** Puts values in the place of Grafana's variables, so that Prometheus understands the expression. */
export const fillVariables = (
  expression: string,
  values: { job?: string; instance?: string; rateInterval: string },
): string =>
  expression
    .replaceAll("$__rate_interval", values.rateInterval)
    .replaceAll("$job", values.job ?? ".+")
    .replaceAll("$instance", values.instance ?? ".+");

/**
 * The selectors of a PromQL expression (without Grafana's variables), by the grammar of Prometheus itself.
 * @throws Error when it does not parse, with the place.
 */
export function selectorsOf(expression: string): Selector[] {
  const text = ({ from, to }: { from: number; to: number }) => expression.slice(from, to);
  const selectors: Selector[] = [];
  parser.parse(expression).iterate({
    enter({ type, node, from }) {
      if (type.isError) throw new Error(`no PromQL at character ${from + 1}: ${expression}`);
      if (type.name !== "VectorSelector") return;
      const name = node.getChild("Identifier");
      selectors.push({
        metric: name ? text(name) : "",
        matchers: (node.getChild("LabelMatchers")?.getChildren("UnquotedLabelMatcher") ?? []).map((matcher) => ({
          label: text(matcher.getChild("LabelName") as SyntaxNode),
          operator: text(matcher.getChild("MatchOp") as SyntaxNode),
          value: text(matcher.getChild("StringLiteral") as SyntaxNode).slice(1, -1),
        })),
        range: node.parent?.name === "MatrixSelector" ? text(node.parent.lastChild as SyntaxNode) : null,
        functions: functionsAround(node, text),
      });
    },
  });
  return selectors;
}

function functionsAround(node: SyntaxNode, text: (node: SyntaxNode) => string): string[] {
  const names: string[] = [];
  for (let parent = node.parent; parent; parent = parent.parent) {
    const name =
      parent.name === "FunctionCall" ? parent.getChild("FunctionIdentifier") : parent.getChild("AggregateOp");
    if (name) names.push(text(name));
  }
  return names;
}

/** Where an expression states a duration, of a range or an offset, as places in its text, in their order. */
export function durationsOf(expression: string): { from: number; to: number }[] {
  const places: { from: number; to: number }[] = [];
  parser.parse(expression).iterate({
    enter({ type, from, to }) {
      if (type.isError) throw new Error(`no PromQL at character ${from + 1}: ${expression}`);
      if (type.name === "NumberDurationLiteralInDurationContext") places.push({ from, to });
    },
  });
  return places;
}

/** The labels that an expression groups, matches or joins by, other than in selectors. */
export function groupingLabelsOf(expression: string): string[] {
  const labels: string[] = [];
  parser.parse(expression).iterate({
    enter({ type, node }) {
      if (type.name !== "GroupingLabels") return;
      for (const label of node.getChildren("LabelName")) labels.push(expression.slice(label.from, label.to));
    },
  });
  return labels;
}
