import { expect, test } from "bun:test";
import { createInstrumentation } from "./instrumentation.ts";
import { createMetrics } from "./metrics.ts";
import type { MonitorName } from "./monitoring/finding.ts";
import type { MonitorPass } from "./monitoring/monitors.ts";
import type { MonitorResult } from "./storage/monitor-results.ts";

const result = (monitor: MonitorName): MonitorResult => ({
  evaluatedAt: 1000,
  monitor,
  metric: "psi",
  feature: "montant",
  bin: null,
  value: 0.2,
  lower: Number.NaN,
  upper: Number.NaN,
  standardError: Number.NaN,
  thresholdLower: 0.1,
  thresholdUpper: 0.3,
  chance: 1e-6,
  rows: 2000,
  verdict: "ok",
  severity: "ok",
  since: 1000,
  windowFrom: 0,
  windowTo: 1000,
  modelVersion: "v",
  scenario: "none",
});
const pass = (...monitors: MonitorName[]): MonitorPass => ({
  results: monitors.map(result),
  evaluatedAt: 1000,
  modelVersion: "v",
  rows: 2000,
  from: 0,
  to: 1000,
  coverage: 1,
  confusion: {},
  bins: [],
  evidence: new Map(),
});

test("a monitor that the new model has not is no monitor that has stopped", async () => {
  const metrics = createMetrics();
  const { onMonitorPass } = createInstrumentation(metrics);
  onMonitorPass(pass("drift", "attribution"));
  expect((await metrics.expose(null)).body).toContain(
    'churn_monitor_last_success_timestamp_seconds{monitor="attribution"} 1',
  );
  onMonitorPass(pass("drift"));
  const { body } = await metrics.expose(null);
  expect(body).toContain('churn_monitor_last_success_timestamp_seconds{monitor="drift"} 1');
  expect(body).not.toContain('monitor="attribution"');
  expect(body).not.toMatch(/^churn_feature_attribution.*montant/m);
});

test("the bounds of performance are those of the labelled rows, and of the estimate while too few labels are known", async () => {
  const metrics = createMetrics();
  const { onMonitorPass } = createInstrumentation(metrics);
  const judged = (monitor: MonitorName, figures: Partial<MonitorResult>): MonitorResult => ({
    ...result(monitor),
    metric: "brier",
    feature: null,
    thresholdLower: Number.NaN,
    ...figures,
  });
  const bound = async () => {
    const { body } = await metrics.expose(null);
    return body.match(/^churn_performance_threshold\{metric="brier",bound="upper"\} (.+)$/m)?.[1];
  };
  const estimated = judged("estimated", { thresholdUpper: 0.12 });
  const without = judged("realized", { verdict: "immature", thresholdUpper: Number.NaN });
  onMonitorPass({ ...pass(), results: [without, estimated] });
  expect(await bound()).toBe("0.12");
  onMonitorPass({ ...pass(), results: [judged("realized", { thresholdUpper: 0.15 }), estimated] });
  expect(await bound()).toBe("0.15");
});
