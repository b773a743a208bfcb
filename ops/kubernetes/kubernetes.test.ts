import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type AppOptions, createApp } from "../../src/app.ts";
import { readConfig } from "../../src/config.ts";
import { createAccess } from "../../src/http/access.ts";
import { createMetrics } from "../../src/metrics.ts";
import { drawPrometheusRule } from "./prometheus-rule.ts";
import { flawsOf } from "./schema.ts";

type Labels = Record<string, string>;
interface Peer {
  podSelector?: { matchLabels: Labels };
  namespaceSelector?: { matchLabels: Labels };
}
interface Probe {
  httpGet: { path: string; port: string };
}
interface Container {
  name: string;
  image: string;
  command?: string[];
  ports?: { name: string; containerPort: number }[];
  env?: { name: string; value?: string; valueFrom?: { secretKeyRef: { name: string; key: string } } }[];
  startupProbe?: Probe;
  livenessProbe?: Probe;
  readinessProbe?: Probe;
  resources: { requests: Labels; limits: Labels };
  securityContext: object;
  volumeMounts?: { name: string; mountPath: string }[];
}
interface Template {
  metadata: { labels: Labels };
  spec: {
    automountServiceAccountToken: boolean;
    securityContext: object;
    affinity?: {
      podAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: { labelSelector: { matchLabels: Labels } }[];
      };
    };
    containers: Container[];
    volumes?: { name: string; persistentVolumeClaim?: { claimName: string } }[];
  };
}
interface Resource {
  apiVersion: string;
  kind: string;
  metadata: { name: string; labels?: Labels };
  spec: {
    replicas?: number;
    strategy?: { type: string };
    selector: { matchLabels: Labels } & Labels;
    template: Template;
    jobTemplate: { spec: { template: Template } };
    ports: { name: string; port: number; targetPort: string }[];
    endpoints: { port: string; path: string }[];
    podSelector: { matchLabels: Labels };
    ingress: { from: Peer[]; ports: { port: number }[] }[];
    egress: { to: Peer[]; ports: { port: number }[] }[];
  };
}

const text = (file: string): string => readFileSync(join(import.meta.dir, file), "utf8");
const parse = <T>(file: string): T => Bun.YAML.parse(text(file)) as T;
const { resources: files, images } = parse<{
  resources: string[];
  images: { name: string; newTag: string }[];
}>("kustomization.yaml");
const resources = files.flatMap((file) => parse<Resource | Resource[]>(file));
const ofKind = (kind: string): Resource[] => resources.filter((resource) => resource.kind === kind);
const named = (kind: string, name: string): Resource => {
  const found = ofKind(kind).find(({ metadata }) => metadata.name === name);
  if (!found) throw new Error(`there is no ${kind} ${name}`);
  return found;
};
const templates = [
  ...ofKind("Deployment").map(({ spec }) => spec.template),
  ...ofKind("CronJob").map(({ spec }) => spec.jobTemplate.spec.template),
];
const containers = templates.flatMap(({ spec }) => spec.containers);
const podsWith = (labels: Labels): Template[] =>
  templates.filter(({ metadata }) => Object.entries(labels).every(([key, value]) => metadata.labels[key] === value));
const portsOf = (pods: Template[]) => pods.flatMap(({ spec }) => spec.containers.flatMap(({ ports = [] }) => ports));
const compose = Bun.YAML.parse(text("../compose.yaml")) as {
  "x-app": { image: string };
  services: Record<string, { image: string; mem_limit: string; environment?: Labels; entrypoint?: string[] }>;
};

describe("the Kubernetes resources", () => {
  test("fit the published schemas, and use no key that those do not know", () => {
    expect(resources.length).toBeGreaterThan(10);
    for (const resource of resources) expect(flawsOf(resource), resource.metadata.name).toEqual([]);
  });

  test("the schemas find a misspelt key and a missing one", () => {
    const { spec, ...rest } = named("Deployment", "churnwatch");
    expect(flawsOf({ ...rest, spec: { ...spec, replica: 1 } } as Resource)).toEqual(["/spec/replica is unknown"]);
    const { selector, ...without } = spec;
    expect(flawsOf({ ...rest, spec: without } as Resource)).toEqual([expect.stringContaining("selector")]);
  });

  test("have names of their own, and PrometheusRule is what rules.yml says", () => {
    const names = resources.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    expect(new Set(names).size).toBe(names.length);
    expect(text("prometheus-rule.yaml")).toBe(drawPrometheusRule());
    const { groups } = parse<{ groups: unknown }>("../prometheus/rules.yml");
    expect(named("PrometheusRule", "churnwatch").spec as unknown).toEqual({ groups });
  });

  test("select pods that exist, by ports that those have", () => {
    for (const { metadata, spec } of ofKind("Deployment"))
      expect(spec.template.metadata.labels, metadata.name).toMatchObject(spec.selector.matchLabels);
    for (const { metadata, spec } of ofKind("Service")) {
      const pods = podsWith(spec.selector);
      expect(pods, metadata.name).toHaveLength(1);
      for (const { port, targetPort } of spec.ports) {
        expect(portsOf(pods)).toContainEqual({ name: targetPort, containerPort: port });
      }
    }
    for (const { metadata, spec } of ofKind("ServiceMonitor")) {
      const services = ofKind("Service").filter((service) =>
        Object.entries(spec.selector.matchLabels).every(([key, value]) => service.metadata.labels?.[key] === value),
      );
      expect(services, metadata.name).toHaveLength(1);
      for (const { port } of spec.endpoints) expect(services[0]?.spec.ports.map(({ name }) => name)).toContain(port);
    }
    for (const { spec } of templates) {
      for (const { labelSelector } of spec.affinity?.podAffinity.requiredDuringSchedulingIgnoredDuringExecution ?? [])
        expect(podsWith(labelSelector.matchLabels)).toHaveLength(1);
    }
  });

  test("let through what the parts need of each other, and guard every pod", () => {
    const policies = ofKind("NetworkPolicy");
    for (const { metadata } of templates) {
      expect(
        policies.filter(({ spec }) =>
          Object.entries(spec.podSelector.matchLabels).every(([key, value]) => metadata.labels[key] === value),
        ),
      ).toHaveLength(1);
    }
    for (const { metadata, spec } of policies) {
      const guarded = podsWith(spec.podSelector.matchLabels);
      expect(guarded, metadata.name).toHaveLength(1);
      for (const { ports } of spec.ingress)
        for (const { port } of ports)
          expect(portsOf(guarded).map(({ containerPort }) => containerPort)).toContain(port);
      // Where one lets something out to another of these pods, that one lets it in.
      for (const { to, ports } of spec.egress) {
        for (const { podSelector } of to) {
          if (!podSelector) continue;
          const [target] = policies.filter((other) =>
            Bun.deepEquals(other.spec.podSelector.matchLabels, podSelector.matchLabels),
          );
          const letIn = target?.spec.ingress.filter(({ from }) =>
            from.some((peer) => Bun.deepEquals(peer.podSelector?.matchLabels, spec.podSelector.matchLabels)),
          );
          expect(letIn?.flatMap((rule) => rule.ports.map(({ port }) => port))).toEqual(ports.map(({ port }) => port));
        }
      }
    }
  });

  test("probe routes that the API has", () => {
    const options = {
      metrics: createMetrics(),
      access: createAccess({ keys: [], rateLimit: 0, isForLoopback: false, now: () => 0 }),
      page: {},
      now: () => 0,
    } as unknown as AppOptions;
    const routes = createApp(options)
      .routes.filter(({ method }) => method === "GET")
      .map(({ path }) => path);
    const [service] = named("Deployment", "churnwatch").spec.template.spec.containers;
    for (const probe of [service?.startupProbe, service?.livenessProbe, service?.readinessProbe]) {
      expect(routes).toContain(probe?.httpGet.path ?? "none");
      expect(service?.ports?.map(({ name }) => name)).toContain(probe?.httpGet.port ?? "none");
    }
    expect(routes).toContain(named("ServiceMonitor", "churnwatch").spec.endpoints[0]?.path ?? "none");
  });

  test("refer to volumes, claims and services that exist", () => {
    for (const { spec } of templates) {
      const volumes = (spec.volumes ?? []).map(({ name }) => name);
      for (const { persistentVolumeClaim } of spec.volumes ?? [])
        if (persistentVolumeClaim) named("PersistentVolumeClaim", persistentVolumeClaim.claimName);
      for (const { volumeMounts = [] } of spec.containers)
        for (const { name } of volumeMounts) expect(volumes).toContain(name);
    }
    for (const { env = [] } of containers) {
      for (const { name, value } of env) {
        if (!value) continue;
        readConfig({ [name]: value });
        const { hostname, port } = new URL(value);
        expect(named("Service", hostname).spec.ports.map((each) => String(each.port))).toContain(port);
      }
    }
  });

  test("run one writer, which is gone before the next begins", () => {
    for (const { metadata, spec } of ofKind("Deployment")) {
      expect(spec.replicas, metadata.name).toBe(1);
      expect(spec.strategy, metadata.name).toEqual({ type: "Recreate" });
    }
  });

  test("give no container more than it needs", () => {
    for (const { spec } of templates) {
      expect(spec.automountServiceAccountToken).toBe(false);
      expect(spec.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } });
      for (const { name, resources, securityContext } of spec.containers) {
        expect(securityContext, name).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        });
        expect(resources.requests.cpu, name).toMatch(/^\d+m?$/);
        for (const { memory } of [resources.requests, resources.limits]) expect(memory, name).toMatch(/^\d+[MG]i$/);
      }
    }
  });

  test("keep secrets out, and let the service start only with keys", () => {
    const [service] = named("Deployment", "churnwatch").spec.template.spec.containers;
    const names = service?.env?.map(({ name }) => name);
    expect(names).toContain("API_KEYS");
    expect(names).not.toContain("ALLOW_OPEN");
    for (const { env = [] } of containers)
      for (const { name, value } of env) if (/KEY|PASSWORD|SECRET|TOKEN/.test(name)) expect(value).toBeUndefined();
  });

  test("run the images and the memory of compose.yaml", () => {
    const tags = new Map(images.map(({ name, newTag }) => [name, `${name}:${newTag}`]));
    for (const name of ["churnwatch", "pushgateway", "train"]) {
      const found = containers.find((each) => each.name === name);
      const service = compose.services[name];
      // YAML's merge keys are read by compose alone.
      const image = service?.image ?? compose["x-app"].image;
      expect(tags.get(found?.image ?? "") ?? found?.image).toBe(image);
      const memory = found?.resources.limits.memory?.replace(/i$/, "").toLowerCase();
      expect(memory).toBe(service?.mem_limit);
    }
    const training = containers.find(({ name }) => name === "train")?.command;
    expect(training).toEqual(compose.services.train?.entrypoint as string[]);
  });
});

const kustomize = [
  ["kustomize", "build"],
  ["kubectl", "kustomize"],
].find(([program]) => Bun.which(program as string));

if (!kustomize) test.skip("neither kustomize nor kubectl is here: the base is not built", () => {});
else
  test(`${kustomize.join(" ")} makes of the base what its files say`, () => {
    const { exitCode, stdout, stderr } = Bun.spawnSync([...kustomize, import.meta.dir]);
    expect(exitCode, stderr.toString()).toBe(0);
    const built = Bun.YAML.parse(stdout.toString()) as Resource[];
    const nameOf = ({ kind, metadata }: Resource) => `${kind} ${metadata.name}`;
    expect(built.map(nameOf).sort()).toEqual(resources.map(nameOf).sort());
    for (const resource of built) {
      expect(flawsOf(resource)).toEqual([]);
      expect(resource.metadata.labels?.["app.kubernetes.io/part-of"]).toBe("churnwatch");
    }
    const service = built.find((resource) => nameOf(resource) === "Deployment churnwatch");
    expect(service?.spec.template.spec.containers[0]?.image).toBe(`churnwatch:${images[0]?.newTag}`);
  });
