import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

interface Receiver {
  name: string;
  webhook_configs?: { url: string; send_resolved: boolean }[];
  email_configs?: Record<string, unknown>[];
}

const folder = mkdtempSync(join(tmpdir(), "churnwatch-alertmanager-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;

function start(environment: Record<string, string>) {
  const file = join(folder, `${++files}.yml`);
  const { exitCode, stdout, stderr } = Bun.spawnSync(
    ["sh", join(import.meta.dir, "start.sh"), "--cluster.listen-address="],
    {
      env: {
        PATH: process.env.PATH ?? "",
        ALERTMANAGER_CONFIGURATION: file,
        ALERTMANAGER_START: "echo",
        ...environment,
      },
    },
  );
  const configuration = existsSync(file) ? readFileSync(file, "utf8") : "receivers: []";
  const { receivers } = Bun.YAML.parse(configuration) as { receivers: Receiver[] };
  return { file, exitCode, stdout: stdout.toString(), stderr: stderr.toString(), configuration, receivers };
}

const webhooksOf = (receivers: Receiver[]) =>
  Object.fromEntries(receivers.map(({ name, webhook_configs = [] }) => [name, webhook_configs.map(({ url }) => url)]));

describe("the start of Alertmanager", () => {
  test("uses the committed file as it is when the environment names nobody", () => {
    const { configuration, stdout, file } = start({});
    expect(configuration).toBe(readFileSync(join(import.meta.dir, "alertmanager.yml"), "utf8"));
    expect(stdout).toBe(`--config.file=${file} --cluster.listen-address=\n`);
  });

  test("sends everything to one webhook, or a severity to one of its own", () => {
    const all = "http://hook.example:9/a?b=c&d=%20";
    expect(webhooksOf(start({ ALERT_WEBHOOK_URL: all }).receivers)).toEqual({
      critical: [all],
      warning: [all],
      info: [all],
    });
    const pager = "https://pager.example/";
    expect(webhooksOf(start({ ALERT_WEBHOOK_URL: all, ALERT_WEBHOOK_URL_CRITICAL: pager }).receivers)).toEqual({
      critical: [pager],
      warning: [all],
      info: [all],
    });
    expect(webhooksOf(start({ ALERT_WEBHOOK_URL_INFO: pager }).receivers)).toEqual({
      critical: [],
      warning: [],
      info: [pager],
    });
  });

  test("mails what is critical or a warning, and keeps the password to itself", () => {
    const { receivers, file } = start({
      ALERT_EMAIL_TO: "team@example.org",
      ALERT_EMAIL_FROM: "churnwatch@example.org",
      ALERT_SMTP: "mail.example.org:587",
      ALERT_SMTP_USER: "churnwatch",
      ALERT_SMTP_PASSWORD: "a $(strange) 'one'; `x`",
    });
    const [critical, warning, info] = receivers;
    expect(critical?.email_configs).toEqual([
      {
        to: "team@example.org",
        from: "churnwatch@example.org",
        smarthost: "mail.example.org:587",
        send_resolved: true,
        auth_username: "churnwatch",
        auth_password: "a $(strange) 'one'; `x`",
      },
    ]);
    expect(warning?.email_configs).toEqual(critical?.email_configs as Record<string, unknown>[]);
    expect(info?.email_configs).toBeUndefined();
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test.each([
    [{ ALERT_WEBHOOK_URL: "hook.example" }, "ALERT_WEBHOOK_URL is no http or https address"],
    [{ ALERT_WEBHOOK_URL_INFO: 'http://a"b' }, "ALERT_WEBHOOK_URL_INFO has a quote"],
    [{ ALERT_WEBHOOK_URL: "http://a\n  - name: b" }, "ALERT_WEBHOOK_URL has a quote, a backslash, or a character"],
    [{ ALERTMANAGER_CONFIGURATION: "/no/folder/file.yml" }, "/no/folder/file.yml cannot be written"],
    [{ ALERT_EMAIL_TO: "a@example.org" }, "ALERT_EMAIL_TO needs ALERT_SMTP"],
  ])("refuses %p", (environment, reason) => {
    const { exitCode, stderr, stdout } = start(environment);
    expect([exitCode, stdout]).toEqual([78, ""]);
    expect(stderr).toContain(reason);
  });
});
