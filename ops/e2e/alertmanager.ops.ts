import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { until } from "./processes.ts";
import { createStack, type Stack } from "./stack.ts";
import { howToInstall, toolSets } from "./tools.ts";
import { startWebhook } from "./webhook.ts";

interface SeenAlert {
  labels: Record<string, string>;
  status: { state: string; inhibitedBy: string[] };
}

if (toolSets.length === 0) test.skip(`Alertmanager is not here: ${howToInstall}`, () => {});

for (const tools of toolSets) {
  describe(`Alertmanager beside Prometheus ${tools.version}`, () => {
    const webhook = startWebhook();
    let stack: Stack;

    beforeAll(async () => {
      stack = createStack(tools);
      await stack.startAlertmanager({
        ALERT_WEBHOOK_URL: `${webhook.url}/all`,
        ALERT_WEBHOOK_URL_CRITICAL: `${webhook.url}/pager`,
      });
    });
    afterAll(async () => {
      await stack.stop();
      await webhook.stop();
    });

    /** Fires alerts of one instance. */
    async function fire(instance: string, ...alerts: Record<string, string>[]): Promise<void> {
      const response = await fetch(`${stack.alertmanager}/api/v2/alerts`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(alerts.map((labels) => ({ labels: { job: "churnwatch", instance, ...labels } }))),
      });
      expect(response.status).toBe(200);
    }
    const toldOf = (instance: string) =>
      webhook.told.flatMap(({ path, notification }) =>
        notification.alerts
          .filter(({ labels }) => labels.instance === instance)
          .map(({ labels }) => `${path} ${labels.alertname}`),
      );
    const seen = async (instance: string): Promise<SeenAlert[]> => {
      const filter = encodeURIComponent(`instance="${instance}"`);
      return (await (await fetch(`${stack.alertmanager}/api/v2/alerts?filter=${filter}`)).json()) as SeenAlert[];
    };

    test("tells each severity to its receiver", async () => {
      await fire(
        "routing",
        { alertname: "ChurnRealizedPerformanceOut", severity: "critical", metric: "brier" },
        { alertname: "ChurnSegmentWorse", severity: "warning", feature: "region" },
        { alertname: "ChurnInputDrifted", severity: "info", feature: "region" },
      );
      const expected = ["/all ChurnInputDrifted", "/all ChurnSegmentWorse", "/pager ChurnRealizedPerformanceOut"];
      const told = await until("three notifications", async () => {
        const found = [...new Set(toldOf("routing"))].sort();
        return found.length === expected.length ? found : null;
      });
      expect(told).toEqual(expected);
    });

    test("tells of several inputs in one notification", async () => {
      const features = ["montant", "revenue", "region"];
      await fire(
        "grouping",
        ...features.map((feature) => ({ alertname: "ChurnInputDrifted", severity: "info", feature })),
      );
      const notification = await until(
        "the notification",
        async () => webhook.told.find((each) => each.notification.groupLabels.instance === "grouping")?.notification,
      );
      expect(notification.groupLabels).toMatchObject({ alertname: "ChurnInputDrifted", job: "churnwatch" });
      expect(notification.alerts.map(({ labels }) => labels.feature).sort()).toEqual(features.sort());
    });

    test("holds the alarms of single inputs back while the whole feed is broken, of this instance only", async () => {
      const held = ["ChurnInputDrifted", "ChurnScoreDrifted", "ChurnSourceDataBroken", "ChurnImportantInputMoved"];
      await fire("broken", { alertname: "ChurnManyInputsDrifted", severity: "warning" });
      await until("the alarm of the feed", async () => (toldOf("broken").length > 0 ? true : null));
      await fire("broken", ...held.map((alertname) => ({ alertname, severity: "info", feature: "montant" })));
      await fire("sound", { alertname: "ChurnInputDrifted", severity: "info", feature: "montant" });
      await until("the alarm of the other instance", async () => (toldOf("sound").length > 0 ? true : null));
      const suppressed = await until("the alarms to be held back", async () => {
        const found = (await seen("broken")).filter(({ status }) => status.state === "suppressed");
        return found.length === held.length ? found : null;
      });
      expect(suppressed.map(({ labels }) => labels.alertname).sort()).toEqual(held.sort());
      for (const { status } of suppressed) expect(status.inhibitedBy).toHaveLength(1);
      expect([...new Set(toldOf("broken"))]).toEqual(["/all ChurnManyInputsDrifted"]);
    });

    test("holds back what follows from a service that is down, of this instance only", async () => {
      const followers = ["ChurnNoPredictions", "ChurnLabelsOverdue", "ChurnMonitorStale", "ChurnJobStale"];
      await fire("down", { alertname: "ChurnServiceDown", severity: "critical" });
      await until("the alarm of the service", async () => (toldOf("down").length > 0 ? true : null));
      for (const instance of ["down", "up"])
        await fire(instance, ...followers.map((alertname) => ({ alertname, severity: "critical" })));
      const told = await until("the alarms of the other instance", async () => {
        const found = [...new Set(toldOf("up"))].sort();
        return found.length === followers.length ? found : null;
      });
      expect(told).toEqual(followers.map((name) => `/pager ${name}`).sort());
      const states = (await seen("down")).map(({ labels, status }) => [labels.alertname, status.state]);
      expect(states.sort()).toEqual(
        [["ChurnServiceDown", "active"], ...followers.map((name) => [name, "suppressed"])].sort(),
      );
      expect([...new Set(toldOf("down"))]).toEqual(["/pager ChurnServiceDown"]);
    });

    test("holds back what is left of every instance where Prometheus knows no service", async () => {
      await fire("", { alertname: "ChurnServiceDown", severity: "critical" });
      await fire("forgotten", { alertname: "ChurnNoPredictions", severity: "critical" });
      await until("the alarm to be held back", async () =>
        (await seen("forgotten")).some(({ status }) => status.state === "suppressed") ? true : null,
      );
    });
  });
}
