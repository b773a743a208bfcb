import { expect, test } from "bun:test";
import { join } from "node:path";
import { composeCommand, howToInstall } from "./tools.ts";

const compose = composeCommand();
const file = join(import.meta.dir, "..", "compose.yaml");

if (!compose) test.skip(`docker compose is not here: ${howToInstall}`, () => {});
else {
  const config = (environment: Record<string, string>, ...options: string[]) =>
    Bun.spawnSync([...compose, "-f", file, "--profile", "train", "config", ...options], {
      env: { PATH: process.env.PATH ?? "", ...environment },
    });

  test("docker compose accepts the file, with no variable set at all", () => {
    const { exitCode, stderr } = config({}, "-q");
    expect(exitCode, stderr.toString()).toBe(0);
    expect(stderr.toString()).toBe("");
  });

  test("docker compose reads what the file means: six services, published on this machine only", () => {
    const { services } = JSON.parse(config({ SCENARIO: "price-rise" }, "--format", "json").stdout.toString()) as {
      services: Record<
        string,
        { ports?: { host_ip: string; published: string }[]; environment?: Record<string, string> }
      >;
    };
    expect(Object.keys(services).sort()).toEqual([
      "alertmanager",
      "churnwatch",
      "grafana",
      "prometheus",
      "pushgateway",
      "train",
    ]);
    const ports = Object.values(services).flatMap((service) => service.ports ?? []);
    expect(ports.map(({ published }) => published).sort()).toEqual(["3000", "8000", "9090", "9091", "9093"]);
    for (const port of ports) expect(port.host_ip).toBe("127.0.0.1");
    expect(services.churnwatch?.environment).toMatchObject({ SCENARIO: "price-rise", REPLAY_RATE: "5" });
  });
}
