import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { trainingJob, trainingMetrics } from "../../src/metric-catalogue.ts";
import { waitingFile } from "../../src/training/push.ts";
import { agePush } from "./aged-push.ts";
import { hurriedRules } from "./hurried-rules.ts";
import { freePort, type Process, startProcess, until } from "./processes.ts";
import { createStack } from "./stack.ts";
import { howToInstall, toolSets } from "./tools.ts";
import { alertsOfStops, alertsOfTraining, troubles } from "./troubles.ts";
import { startWebhook } from "./webhook.ts";

interface Rule {
  alert?: string;
  labels: { severity: string };
  annotations: Record<string, string>;
}

const root = join(import.meta.dir, "..", "..");
const committed = readFileSync(join(root, "ops/prometheus/rules.yml"), "utf8");
const alerts = (Bun.YAML.parse(committed) as { groups: { rules: Rule[] }[] }).groups
  .flatMap(({ rules }) => rules)
  .filter((rule): rule is Rule & { alert: string } => rule.alert !== undefined);

/** How much shorter ranges and `for` are than committed: an hour lasts 72 s. Ages that are compared with stay what they are. */
const hurry = 50;
const day = 86_400;
const secondsToFire = 150;

test("every alert of the rules is brought about here", () => {
  const broughtAbout = [...troubles.flatMap((trouble) => trouble.alerts), ...alertsOfTraining, ...alertsOfStops];
  expect(broughtAbout.sort()).toEqual(alerts.map(({ alert }) => alert).sort());
});

if (toolSets.length === 0) test.skip(`Prometheus and Alertmanager are not here: ${howToInstall}`, () => {});

describe.skipIf(toolSets.length === 0)("troubled services", () => {
  const folder = mkdtempSync(join(tmpdir(), "churnwatch-alerts-"));
  const dataDirectory = join(folder, "trained");
  const sample = join(folder, "sample.csv");
  const observers = toolSets.map((tools) => ({
    version: tools.version,
    stack: createStack(tools),
    webhook: startWebhook(),
    pushgateway: undefined as Process | undefined,
  }));
  const services = troubles.map(({ instance }) => ({ instance, address: `127.0.0.1:${freePort()}` }));
  const running = new Map<string, Process>();
  const ends: (() => void)[] = [];
  const { run } = (observers[0] as (typeof observers)[number]).stack;

  /**
   * A training of an earlier release, that told no duration yet, was pushed so long ago that the model is old. Then another job
   * takes the name of that metric, so that the next training is refused.
   */
  async function troubleTraining(observer: (typeof observers)[number]): Promise<void> {
    const { stack } = observer;
    const { name } = trainingMetrics.duration;
    const file = join(stack.folder, "pushgateway.store");
    const start = () => stack.startPushgateway(file);
    const put = async (job: string, body: string) => {
      const response = await fetch(`${stack.pushgateway}/metrics/job/${job}`, { method: "PUT", body });
      expect(response.status, await response.text()).toBe(200);
    };

    const first = await start();
    const [payload] = [...new Bun.Glob(`models/*/${waitingFile}`).scanSync(dataDirectory)];
    const lines = readFileSync(join(dataDirectory, payload as string), "utf8").split("\n");
    await put(trainingJob, lines.filter((line) => !line.includes(name)).join("\n"));
    const exposed = await (await fetch(`${stack.pushgateway}/metrics`)).text();
    const pushed = exposed.match(new RegExp(`^push_time_seconds\\{.*job="${trainingJob}".*\\} (\\S+)$`, "m"));
    await first.stop();
    agePush(file, Number(pushed?.[1]), 31 * day);
    observer.pushgateway = await start();
    await put("other", `# TYPE ${name} counter\n${name} 1\n`);
    const { exitCode, stderr } = await run(
      "src/training/train.ts",
      ["--data", sample, "--rows", "2000", "--rounds", "3"],
      { DATA_DIR: join(stack.folder, "data"), PUSHGATEWAY_URL: stack.pushgateway },
    );
    expect(exitCode, stderr).toBe(0);
    expect(stderr).toMatch(/warning: .* answered 400/);
  }

  beforeAll(async () => {
    const sampled = await run("src/data/sample.ts", ["--rows", "20000", "--seed", "1", "--out", sample]);
    expect(sampled).toMatchObject({ exitCode: 0 });
    const trained = await run("src/training/train.ts", ["--data", sample, "--rounds", "30"], {
      DATA_DIR: dataDirectory,
    });
    expect(trained).toMatchObject({ exitCode: 0 });
    for (const observer of observers) {
      const { stack, webhook } = observer;
      await troubleTraining(observer);
      await stack.startAlertmanager({
        ALERT_WEBHOOK_URL_CRITICAL: `${webhook.url}/critical`,
        ALERT_WEBHOOK_URL_WARNING: `${webhook.url}/warning`,
        ALERT_WEBHOOK_URL_INFO: `${webhook.url}/info`,
      });
    }
    for (const [i, { instance, settings, begin }] of troubles.entries()) {
      const { address } = services[i] as (typeof services)[number];
      const own = join(folder, instance);
      cpSync(dataDirectory, own, { recursive: true });
      const [, port] = address.split(":");
      const url = `http://${address}`;
      const child = startProcess(folder, `service-${instance}`, [process.execPath, join(root, "src/main.ts")], {
        DATA_DIR: own,
        PORT: port as string,
        MONITOR_EVERY: "2",
        FEEDBACK_DELAY_JITTER: "0",
        LOG_LEVEL: "warn",
        ...settings,
      });
      running.set(instance, child);
      await until(`${instance} to be ready`, async () => {
        if (child.hasExited()) throw new Error(`it ended: ${child.output().slice(-2000)}`);
        return (await fetch(`${url}/health/ready`)).ok || null;
      });
      if (begin) ends.push(begin({ url, dataDirectory: own }));
    }
    for (const { stack } of observers)
      await stack.startPrometheus({ rules: (text) => hurriedRules(text, hurry), services });
  });

  afterAll(async () => {
    for (const end of ends) end();
    await Promise.all([...running.values()].map((child) => child.stop()));
    for (const { stack, webhook } of observers) {
      await stack.stop();
      await webhook.stop();
    }
    rmSync(folder, { recursive: true, force: true });
  });

  /**
   * That every Alertmanager tells the receiver of its severity of an alert, in words that say what is wrong and where.
   * @param since when it began at the earliest, milliseconds since the epoch
   */
  async function expectTold(name: string, labels: Record<string, string>, since = 0): Promise<void> {
    const rule = alerts.find(({ alert }) => alert === name) as Rule;
    const { severity } = rule.labels;
    for (const { version, stack, webhook } of observers) {
      const { path, alert } = await until(
        `${name} in the Alertmanager beside Prometheus ${version}`,
        async () => {
          const told = webhook.told.flatMap(({ path, notification }) =>
            notification.alerts.map((alert) => ({ path, alert })),
          );
          const found = told.find(
            ({ alert }) =>
              alert.status === "firing" &&
              alert.labels.alertname === name &&
              Bun.deepMatch(labels, alert.labels) &&
              Date.parse(alert.startsAt) >= since,
          );
          if (found) return found;
          const pending = await stack.query(`ALERTS{alertname="${name}"}`);
          throw new Error(`Prometheus has ${JSON.stringify(pending)}\n${stack.report()}`);
        },
        secondsToFire,
      );
      expect(path).toBe(`/${severity}`);
      expect(alert.labels.severity).toBe(severity);
      expect(Object.keys(alert.annotations).sort()).toEqual(["description", "runbook_url", "summary"]);
      expect(alert.annotations.runbook_url).toBe(`ops/runbooks/${name}.md`);
      const { summary = "", description = "" } = alert.annotations;
      for (const text of [summary, description]) {
        expect(text.length).toBeGreaterThan(10);
        expect(text).not.toMatch(/\bNaN\b|\bInf\b|no value|%!|\{\{|\bundefined\b/);
      }
      if (process.env.SHOW_ALERTS)
        process.stderr.write(`${name} [${version}] ${JSON.stringify(alert.labels)}
    ${summary} | ${description}
`);
    }
  }

  describe.each(troubles.map((trouble) => [trouble.instance, trouble] as const))("%s", (instance, trouble) => {
    test.each([...trouble.alerts])("raises %s", (name) => expectTold(name, { job: "churnwatch", instance }));
  });

  test.each([...alertsOfTraining])("a training long ago, and one whose push was refused, raise %s", (name) =>
    expectTold(name, { job: trainingJob }),
  );

  test("a Pushgateway that is stopped raises ChurnTargetDown", async () => {
    const stopped = Date.now();
    for (const { pushgateway } of observers) await pushgateway?.stop();
    await expectTold("ChurnTargetDown", { job: "pushgateway" }, stopped);
  });

  test("a service that is stopped raises ChurnServiceDown", async () => {
    const stopped = Date.now();
    await running.get("nobody-asks")?.stop();
    await expectTold("ChurnServiceDown", { job: "churnwatch", instance: "nobody-asks" }, stopped);
  });
});
