import { PrometheusRule } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule";
import { ServiceMonitor } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor";
import { Deployment } from "kubernetes-models/apps/v1/Deployment";
import { CronJob } from "kubernetes-models/batch/v1/CronJob";
import { NetworkPolicy } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicy";
import { PersistentVolumeClaim } from "kubernetes-models/v1/PersistentVolumeClaim";
import { Service } from "kubernetes-models/v1/Service";

const kinds = {
  CronJob,
  Deployment,
  NetworkPolicy,
  PersistentVolumeClaim,
  PrometheusRule,
  Service,
  ServiceMonitor,
};

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

/** The same value, which notes the path of every key that is read. */
function watched<T extends object>(value: T, path: string, read: Set<string>): T {
  return new Proxy(value, {
    get(target, key, receiver) {
      const found = Reflect.get(target, key, receiver);
      const at = `${path}/${String(key)}`;
      read.add(at);
      return isObject(found) ? watched(found, at, read) : found;
    },
  });
}

function* keysOf(value: object, path = ""): Generator<string> {
  for (const [key, inner] of Object.entries(value)) {
    yield `${path}/${key}`;
    if (isObject(inner)) yield* keysOf(inner, `${path}/${key}`);
  }
}

/**
 * What the published schema of a resource's kind (Kubernetes' own, and the Prometheus operator's) has against it: values of a
 * wrong type, missing keys, and, because schemas of Kubernetes let any other key pass, keys that the schema never asks for.
 * @throws Error for a kind that no schema is known for.
 */
export function flawsOf(resource: { apiVersion?: string; kind?: string }): string[] {
  const kind = kinds[resource.kind as keyof typeof kinds];
  if (!kind) throw new Error(`no schema is known for the kind ${resource.kind}`);
  const read = new Set<string>();
  const model = Object.create(kind.prototype) as { validate(): void };
  try {
    model.validate.call(watched(resource, "", read));
  } catch (error) {
    return [String(error)];
  }
  return [...keysOf(resource)].filter((key) => !read.has(key)).map((key) => `${key} is unknown`);
}
