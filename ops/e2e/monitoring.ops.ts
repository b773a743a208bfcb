import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { exampleCustomer } from "../../src/customer.ts";
import { serviceMetrics, trainingJob, trainingMetrics } from "../../src/metric-catalogue.ts";
import { modelSections } from "../../src/monitoring/model-sections.ts";
import { annotations } from "../grafana/draw-dashboard.ts";
import { serviceSections } from "../panels/service-sections.ts";
import { fillVariables } from "../promql.ts";
import { startCollector } from "./collector.ts";
import { drawDashboard } from "./dashboard-pictures.ts";
import { launchBrowser, missingBrowser } from "./page-browser.ts";
import { until } from "./processes.ts";
import { createStack, type Stack } from "./stack.ts";
import { howToInstall, toolSets } from "./tools.ts";
import { startWebhook } from "./webhook.ts";

const { predictions, feedback, realized, estimated, featureDrift, featureDriftThreshold, labelCoverage } =
  serviceMetrics;
const panels = [...modelSections, ...serviceSections].flatMap((section) => section.panels);
const fill = (expression: string) => fillVariables(expression, { rateInterval: "15s" });
// A replay that fills a window and its labels within seconds.
const accelerated = {
  REPLAY_RATE: "100",
  FEEDBACK_DELAY: "2",
  MONITOR_EVERY: "2",
  MONITOR_WINDOW: "1000",
  LOG_LEVEL: "info",
};

if (toolSets.length === 0)
  test.skip(`Prometheus, Pushgateway and Alertmanager are not here: ${howToInstall}`, () => {});

for (const tools of toolSets) {
  describe(`with Prometheus ${tools.version}`, () => {
    const webhook = startWebhook();
    const collector = startCollector();
    let stack: Stack;
    let traffic: Timer;
    let firstVersion = "";

    const post = (route: string, body: unknown) =>
      fetch(`${stack.service}${route}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });

    /** Some of what callers do, right and wrong, so that no panel about requests is empty. */
    async function callOnce(): Promise<void> {
      await post("/predict", exampleCustomer);
      await post("/predict", { ...exampleCustomer, montant: "much" });
      await post("/feedback", { user_id: exampleCustomer.user_id, churned: false });
    }

    beforeAll(async () => {
      stack = createStack(tools);
      const sample = join(stack.folder, "sample.csv");
      expect(await stack.run("src/data/sample.ts", ["--rows", "20000", "--seed", "1", "--out", sample])).toMatchObject({
        exitCode: 0,
      });
    });

    afterAll(async () => {
      clearInterval(traffic);
      await stack.stop();
      await webhook.stop();
      await collector.stop();
    });

    const train = (...options: string[]) =>
      stack.run("src/training/train.ts", ["--data", join(stack.folder, "sample.csv"), "--rounds", "30", ...options], {
        PUSHGATEWAY_URL: stack.pushgateway,
      });
    const versionIn = (output: string): string => /model (\S+):/.exec(output)?.[1] ?? "";

    test("promtool accepts the configuration and the rules, and every rule test passes", () => {
      for (const check of [
        [tools.path.promtool, "check", "config", "ops/prometheus/prometheus.yml"],
        [tools.path.promtool, "test", "rules", "ops/prometheus/rules_test.yml", "ops/prometheus/rules_age_test.yml"],
        [tools.path.amtool, "check-config", "ops/alertmanager/alertmanager.yml"],
      ]) {
        const { exitCode, stdout, stderr } = Bun.spawnSync(check, { cwd: join(import.meta.dir, "..", "..") });
        expect(exitCode, `${check.join(" ")}\n${stdout}${stderr}`).toBe(0);
      }
    });

    test("training succeeds without a Pushgateway, and says that its metrics wait", async () => {
      const { exitCode, stdout, stderr } = await train();
      expect(exitCode, stderr).toBe(0);
      expect(stderr).toContain("warning: the Pushgateway at");
      firstVersion = versionIn(stdout);
      expect(firstVersion).not.toBe("");
    });

    test("what waited is pushed when the service starts, and Prometheus has it", async () => {
      await stack.startPushgateway();
      await stack.startAlertmanager({ ALERT_WEBHOOK_URL: webhook.url });
      await stack.startPrometheus();
      await stack.startService({ ...accelerated, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
      traffic = setInterval(() => void callOnce().catch(() => undefined), 300);
      const samples = await until("the training samples in Prometheus", async () => {
        const found = await stack.query(trainingMetrics.samples.name);
        return found.length > 0 ? found : null;
      });
      expect(
        samples.map(({ metric }) => [metric.job, metric.instance, metric.model_version, metric.observed_class]).sort(),
      ).toEqual([
        [trainingJob, undefined, firstVersion, "0"],
        [trainingJob, undefined, firstVersion, "1"],
      ]);
      expect(samples.reduce((sum, { value }) => sum + value, 0)).toBe(20_000);
    });

    test("every target is up", async () => {
      const targets = await until("all targets to be up", async () => {
        const found = await stack.query("up");
        return found.length === 4 && found.every(({ value }) => value === 1) ? found : null;
      });
      expect(targets.map(({ metric }) => metric.job ?? "").sort()).toEqual([
        "alertmanager",
        "churnwatch",
        "prometheus",
        "pushgateway",
      ]);
    });

    test("a training run with a Pushgateway replaces what was pushed before", async () => {
      const { exitCode, stdout, stderr } = await train("--seed", "2", "--no-use");
      expect(exitCode, stderr).toBe(0);
      expect(stderr).not.toContain("warning");
      await until("only the new version in Prometheus", async () => {
        const versions = (await stack.query(trainingMetrics.samples.name)).map(({ metric }) => metric.model_version);
        return versions.length > 0 && versions.every((version) => version === versionIn(stdout)) ? versions : null;
      });
    });

    test("predictions, feedback, drift, realized and estimated performance of the replay are in Prometheus", async () => {
      for (const { name } of [
        predictions,
        feedback,
        realized,
        estimated,
        featureDrift,
        featureDriftThreshold,
        labelCoverage,
      ]) {
        const samples = await until(`${name} above 0`, async () => {
          const found = (await stack.query(name)).filter(({ value }) => value > 0);
          return found.length > 0 ? found : null;
        });
        expect(samples[0]?.metric.job).toBe("churnwatch");
      }
    });

    test("a slow request's bucket leads to its trace", async () => {
      const { name } = serviceMetrics.httpRequestDuration;
      await until("an exemplar of a trace that the collector has", async () => {
        const traces = await stack.exemplarTraces(`${name}_bucket{route="/predict"}`);
        const found = collector.spans.find((span) => traces.includes(span.traceId));
        return found?.name === "POST /predict" ? found : null;
      });
    });

    test("every expression of every panel has a figure to show", async () => {
      const empty = await until(
        "figures in every panel",
        async () => {
          const missing: string[] = [];
          for (const { title, series } of panels) {
            for (const { expression } of series) {
              const figures = (await stack.query(fill(expression))).filter(({ value }) => !Number.isNaN(value));
              if (figures.length === 0) missing.push(`${title}: ${expression}`);
            }
          }
          if (missing.length > 0) throw new Error(`nothing to show in ${missing.length}:\n${missing.join("\n")}`);
          return missing;
        },
        90,
      );
      expect(empty).toEqual([]);
      for (const { expression } of annotations) await stack.query(fill(expression));
    });

    test("a broken feed becomes an alert in Alertmanager, and a message to the webhook, that names the field", async () => {
      const deadline = performance.now() + 120_000;
      const secondsLeft = () => (deadline - performance.now()) / 1000;
      expect((await post("/scenario", { scenario: "feed-break" })).status).toBe(200);
      const alert = await until(
        "the alert of data_volume in Alertmanager",
        async () => {
          const response = await fetch(
            `${stack.alertmanager}/api/v2/alerts?filter=${encodeURIComponent('alertname="ChurnInputDrifted"')}`,
          );
          const alerts = (await response.json()) as {
            labels: Record<string, string>;
            annotations: Record<string, string>;
          }[];
          const found = alerts.find(({ labels }) => labels.feature === "data_volume");
          if (found) return found;
          const seen = await Promise.all(
            [
              'ALERTS{alertname=~"Churn.+"}',
              'count_over_time(up{job="churnwatch"}[2m]) - sum_over_time(up{job="churnwatch"}[2m])',
              'max_over_time(scrape_duration_seconds{job="churnwatch"}[2m])',
              'changes(ALERTS_FOR_STATE{feature="data_volume"}[2m])',
              "sum(prometheus_notifications_errors_total)",
              'increase(churn_job_runs_total{outcome!="success"}[2m]) > 0',
              "time() - churn_monitor_last_success_timestamp_seconds",
              ...[featureDrift, featureDriftThreshold].map(({ name }) => `${name}{feature="data_volume"}`),
              `rate(${predictions.name}[10s])`,
            ].map(stack.query),
          );
          throw new Error(`Prometheus has ${JSON.stringify(seen)}\n${stack.report()}`);
        },
        secondsLeft(),
      );
      expect(alert.labels).toMatchObject({ severity: "info", job: "churnwatch" });
      expect(alert.annotations.summary).toBe("The input data_volume drifted");
      const told = await until(
        "the webhook to be told of data_volume",
        async () =>
          webhook.told
            .flatMap(({ notification }) => notification.alerts)
            .find(({ labels }) => labels.alertname === "ChurnInputDrifted" && labels.feature === "data_volume"),
        secondsLeft(),
      );
      expect(told).toMatchObject({ status: "firing", annotations: alert.annotations });
    });

    test.skipIf(missingBrowser !== null)(
      `the dashboards are drawn from what their queries give, with what happened${missingBrowser ? ` (${missingBrowser})` : ""}`,
      async () => {
        const browser = await launchBrowser();
        try {
          const folder = process.env.PICTURES ?? join(stack.folder, "pictures");
          for (const name of ["model", "service"]) {
            const { files, empty, cut, marks } = await drawDashboard(browser, {
              name,
              prometheus: stack.prometheus,
              folder,
            });
            expect(empty, name).toEqual([]);
            expect(cut, name).toEqual([]);
            for (const file of files) expect(Bun.file(file).size).toBeGreaterThan(50_000);
            const happened = marks.map(({ text }) => text);
            expect(happened).toContain(`model ${firstVersion} serves`);
            expect(happened).toContain("scenario feed-break begins");
            expect(happened).toContain("alarm of the monitor: drift");
          }
        } finally {
          await browser.close();
        }
      },
    );
  });
}
