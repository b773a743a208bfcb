import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readConfig } from "../src/config.ts";

interface Service {
  image: string;
  read_only?: boolean;
  mem_limit?: string;
  init?: boolean;
  ports?: string[];
  environment?: Record<string, string>;
  volumes?: string[];
  healthcheck?: unknown;
  depends_on?: Record<string, { condition: string }>;
}

const { services, volumes } = Bun.YAML.parse(readFileSync(join(import.meta.dir, "compose.yaml"), "utf8")) as {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
};
const dockerfile = readFileSync(join(import.meta.dir, "Dockerfile"), "utf8");
const packageFile = JSON.parse(readFileSync(join(import.meta.dir, "..", "package.json"), "utf8")) as {
  engines: { bun: string };
};

describe("compose.yaml", () => {
  test("pins every image to one version", () => {
    for (const { image } of Object.values(services)) expect(image).toMatch(/^[a-z/]+:v?\d+\.\d+\.\d+$/);
  });

  test("publishes every port on this machine only", () => {
    const ports = Object.values(services).flatMap((service) => service.ports ?? []);
    expect(ports).toHaveLength(5);
    for (const port of ports) expect(port).toStartWith("127.0.0.1:");
  });

  test("bounds the memory of every service, keeps its files read-only, and lets signals end it", () => {
    for (const [name, { mem_limit, read_only, init }] of Object.entries(services)) {
      expect(init, name).toBe(true);
      expect(mem_limit, name).toMatch(/^\d+[mg]$/);
      expect(read_only, name).toBe(true);
    }
  });

  test("waits only for services that have a health check, and starts them in an order that ends", () => {
    // That of the service itself is in its Dockerfile.
    const isChecked = (name: string) => services[name]?.healthcheck !== undefined || name === "churnwatch";
    const visit = (name: string, path: string[]): void => {
      expect(path).not.toContain(name);
      for (const [other, { condition }] of Object.entries(services[name]?.depends_on ?? {})) {
        expect(condition).toBe("service_healthy");
        expect(isChecked(other), other).toBe(true);
        visit(other, [...path, name]);
      }
    };
    for (const name of Object.keys(services)) visit(name, []);
  });

  test("mounts folders that exist and volumes that are declared", () => {
    for (const volume of Object.values(services).flatMap((service) => service.volumes ?? [])) {
      const [source = ""] = volume.split(":");
      expect(source.startsWith("./") ? existsSync(join(import.meta.dir, source)) : source in volumes, volume).toBe(
        true,
      );
    }
  });

  test("opens Grafana on a dashboard that is there, for viewers who need no login", () => {
    const { environment = {}, volumes: mounts = [] } = services.grafana as Service;
    const home = environment.GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH ?? "";
    const mounted = mounts
      .map((mount) => mount.split(":") as [string, string])
      .find(([, target]) => home.startsWith(`${target}/`)) as [string, string];
    const file = join(import.meta.dir, mounted[0], home.slice(mounted[1].length));
    expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({ uid: "churnwatch-model" });
    expect([environment.GF_AUTH_ANONYMOUS_ENABLED, environment.GF_AUTH_ANONYMOUS_ORG_ROLE]).toEqual(["true", "Viewer"]);
    const data = readFileSync(join(import.meta.dir, "grafana/provisioning/datasources/prometheus.yaml"), "utf8");
    expect(data).toContain("url: http://prometheus:9090");
  });

  test("gives the service settings that it understands, with the defaults that it has anyway", () => {
    const given = Object.entries(services.churnwatch?.environment ?? {}).map(([name, value]) => {
      const [, variable, otherwise] = /^\$\{(\w+):-(.*)\}$/.exec(value) ?? [];
      if (variable) expect(variable).toBe(name);
      return [name, otherwise ?? value] as const;
    });
    const defaults = readConfig({});
    expect(readConfig(Object.fromEntries(given))).toEqual({
      ...defaults,
      PUSHGATEWAY_URL: "http://pushgateway:9091",
      ALLOW_OPEN: "1",
    });
    for (const [name] of given) expect(Object.keys(defaults)).toContain(name);
  });

  test("holds no secret", () => {
    for (const { environment = {} } of Object.values(services)) {
      for (const [name, value] of Object.entries(environment))
        if (/PASSWORD|KEY|SECRET|TOKEN/.test(name)) expect(value).toMatch(/^\$\{\w+:-\}$/);
    }
  });
});

describe("Grafana's start", () => {
  const start = (environment: Record<string, string>): string =>
    Bun.spawnSync(["sh", join(import.meta.dir, "grafana", "start.sh")], {
      env: { PATH: process.env.PATH ?? "", GRAFANA_START: "env", ...environment },
    }).stdout.toString();

  test("makes no administrator when no password is given", () => {
    const environment = start({ GF_SECURITY_ADMIN_PASSWORD: "" });
    expect(environment).toContain("GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION=true");
    expect(environment).toContain("GF_AUTH_DISABLE_LOGIN_FORM=true");
    expect(environment).toContain("GF_AUTH_BASIC_ENABLED=false");
    expect(environment).not.toContain("ADMIN_PASSWORD");
  });

  test("hands a given password on", () => {
    const environment = start({ GF_SECURITY_ADMIN_PASSWORD: "from-the-environment" });
    expect(environment).toContain("GF_SECURITY_ADMIN_PASSWORD=from-the-environment");
    expect(environment).not.toContain("DISABLE");
  });
});

describe("the image", () => {
  test("is built on the pinned Bun, and copies folders that exist and reach the builder", () => {
    for (const [, tag] of dockerfile.matchAll(/^FROM oven\/bun:(\S+)/gm))
      expect(tag?.replace("-slim", "")).toBe(packageFile.engines.bun);
    const sent = readFileSync(join(import.meta.dir, "..", ".dockerignore"), "utf8").split("\n");
    for (const [, list = ""] of dockerfile.matchAll(/^COPY (?!--)(.+) \S+$/gm)) {
      for (const source of list.split(" ")) {
        expect(existsSync(join(import.meta.dir, "..", source)), source).toBe(true);
        expect(sent).toContain(`!${source}`);
      }
    }
  });

  test("does not run as root, and is stopped by the signal that the service listens to", () => {
    expect(dockerfile).toMatch(/^USER bun$/m);
    expect(dockerfile).toMatch(/^STOPSIGNAL SIGTERM$/m);
  });
});
