import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const committed = join(import.meta.dir, "prometheus-rule.yaml");

const head = `# Drawn from ops/prometheus/rules.yml by bun ops/kubernetes/prometheus-rule.ts: change that file, not this one.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: churnwatch
  labels:
    app.kubernetes.io/name: churnwatch
spec:
`;

/** The rules of Prometheus as a resource of its operator. */
export function drawPrometheusRule(): string {
  const rules = readFileSync(join(import.meta.dir, "..", "prometheus", "rules.yml"), "utf8");
  return head + rules.replaceAll(/^(?=.)/gm, "  ");
}

if (import.meta.main) writeFileSync(committed, drawPrometheusRule());
