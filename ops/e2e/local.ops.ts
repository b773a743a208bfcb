import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { freePort, until } from "./processes.ts";
import { howToInstall, toolSets } from "./tools.ts";

const script = join(import.meta.dir, "..", "local.sh");

if (toolSets.length === 0) test.skip(`Prometheus is not here: ${howToInstall}`, () => {});

for (const tools of toolSets) {
  describe(`ops/local.sh with Prometheus ${tools.version}`, () => {
    const state = mkdtempSync(join(tmpdir(), "churnwatch-local-"));
    const service = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("answered 1\n") });
    const address = { prometheus: freePort(), pushgateway: freePort(), alertmanager: freePort() };
    const environment = {
      PATH: `${dirname(tools.path.prometheus)}:${process.env.PATH}`,
      STATE: state,
      SERVICE: `127.0.0.1:${service.port}`,
      PROMETHEUS: `127.0.0.1:${address.prometheus}`,
      PUSHGATEWAY: `127.0.0.1:${address.pushgateway}`,
      ALERTMANAGER: `127.0.0.1:${address.alertmanager}`,
    };
    const call = (...options: string[]) => {
      const { exitCode, stdout, stderr } = Bun.spawnSync([script, ...options], { env: environment });
      return { exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
    };
    const processes = (): string[] => [...call("status").stdout.matchAll(/process (\d+)/g)].map(([, pid]) => pid ?? "");
    const ask = async (path: string): Promise<unknown> => {
      const response = await fetch(`http://${environment.PROMETHEUS}${path}`);
      return ((await response.json()) as { data: unknown }).data;
    };

    afterAll(async () => {
      call("down");
      await service.stop(true);
      rmSync(state, { recursive: true, force: true });
    });

    test("up starts all three, which find each other and the service", async () => {
      expect(call("status")).toMatchObject({ exitCode: 1, stdout: expect.stringContaining("prometheus does not run") });
      const { exitCode, stdout, stderr } = call("up");
      expect(exitCode, stderr).toBe(0);
      for (const at of Object.values(address)) expect(stdout).toContain(`http://127.0.0.1:${at}`);
      expect(call("status").exitCode).toBe(0);
      const { activeTargets } = await until("all targets to be up", async () => {
        const found = (await ask("/api/v1/targets")) as { activeTargets: { health: string; scrapeUrl: string }[] };
        const up = found.activeTargets.filter(({ health }) => health === "up");
        return up.length === 4 ? found : null;
      });
      expect(activeTargets.map(({ scrapeUrl }) => scrapeUrl).sort()).toEqual(
        [...Object.values(address), service.port].map((at) => `http://127.0.0.1:${at}/metrics`).sort(),
      );
      expect(await ask("/api/v1/alertmanagers")).toMatchObject({
        activeAlertmanagers: [{ url: expect.stringContaining(environment.ALERTMANAGER) }],
      });
      const { groups } = (await ask("/api/v1/rules")) as { groups: { name: string }[] };
      expect(groups.map(({ name }) => name)).toContain("churnwatch-critical");
    });

    test("up again starts nothing twice", () => {
      const before = processes();
      expect(before).toHaveLength(3);
      expect(call("up").exitCode).toBe(0);
      expect(processes()).toEqual(before);
    });

    test("an address that somebody else answers at is refused", () => {
      const other = mkdtempSync(join(tmpdir(), "churnwatch-local-"));
      const { exitCode, stderr } = Bun.spawnSync([script, "up"], { env: { ...environment, STATE: other } });
      expect(exitCode).toBe(1);
      expect(stderr.toString()).toContain(`something else answers at ${environment.PUSHGATEWAY}`);
      rmSync(other, { recursive: true, force: true });
    });

    test("an address where somebody takes connections and says nothing is not waited for, and a proxy is not asked", async () => {
      const silent = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
      const other = mkdtempSync(join(tmpdir(), "churnwatch-local-"));
      const { exitCode, stderr } = Bun.spawnSync([script, "up"], {
        env: {
          ...environment,
          STATE: other,
          PUSHGATEWAY: `127.0.0.1:${silent.port}`,
          ALERTMANAGER: `127.0.0.1:${freePort()}`,
          PROMETHEUS: `127.0.0.1:${freePort()}`,
        },
      });
      expect(exitCode).toBe(1);
      expect(stderr.toString()).toContain("pushgateway ended");
      expect(stderr.toString()).toContain("address already in use");
      Bun.spawnSync([script, "down"], { env: { ...environment, STATE: other } });
      silent.stop(true);
      rmSync(other, { recursive: true, force: true });
      const status = Bun.spawnSync([script, "status"], { env: { ...environment, http_proxy: "http://127.0.0.1:9" } });
      expect(status.exitCode, status.stdout.toString()).toBe(0);
    });

    test("down stops all three, and a second down has nothing to do", async () => {
      expect(call("down")).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("prometheus stopped") });
      for (const at of Object.values(address)) await expect(fetch(`http://127.0.0.1:${at}/-/ready`)).rejects.toThrow();
      expect(call("down")).toMatchObject({ exitCode: 0, stdout: "" });
      expect(call("status").exitCode).toBe(1);
    });

    test("an unknown word prints how to use it", () => {
      expect(call("restart")).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("ops/local.sh up") });
    });
  });
}
