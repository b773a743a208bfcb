import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { serviceMetrics } from "./metric-catalogue.ts";

type Catalogue = typeof serviceMetrics;
type Instrument<M extends Catalogue[keyof Catalogue]> = M["type"] extends "counter"
  ? Counter<M["labels"][number]>
  : M["type"] extends "gauge"
    ? Gauge<M["labels"][number]>
    : Histogram<M["labels"][number]>;

export type Instruments = { readonly [K in keyof Catalogue]: Instrument<Catalogue[K]> };

export interface Metrics {
  instruments: Instruments;
  /** Makes a histogram anew with other buckets: its counts start again at zero. */
  rebucket(name: "probability", buckets: readonly number[]): void;
  /** Registers something to bring up to date right before a scrape. */
  beforeScrape(update: () => void): void;
  /** The exposition for an Accept header, with its content type: OpenMetrics on request, else Prometheus text. */
  expose(accept: string | null): Promise<{ contentType: string; body: string }>;
}

/** The instruments of the catalogue in a registry of their own. */
export function createMetrics(): Metrics {
  // The library takes exemplars only into such a registry; a scrape sets what it asks for.
  const registry = new Registry(Registry.OPENMETRICS_CONTENT_TYPE);
  const create = (key: keyof Catalogue, buckets?: readonly number[]) => {
    const { type, name, help, labels, ...rest } = serviceMetrics[key];
    const options = { name, help, labelNames: [...labels], registers: [registry] };
    if (type === "counter") return new Counter(options);
    if (type === "gauge") return new Gauge(options);
    return new Histogram({
      ...options,
      buckets: [...(buckets ?? ("buckets" in rest ? rest.buckets : []))],
      enableExemplars: "enableExemplars" in rest,
    });
  };
  const instruments = Object.fromEntries(
    Object.keys(serviceMetrics).map((key) => [key, create(key as keyof Catalogue)]),
  ) as { -readonly [K in keyof Instruments]: Instruments[K] };

  const updates: (() => void)[] = [];
  // The content type is a property of the registry, so two expositions must not overlap.
  let last: Promise<unknown> = Promise.resolve();
  const next = new Map<string, Promise<string>>();

  async function write(contentType: string): Promise<string> {
    await last;
    await new Promise((resolve) => setImmediate(resolve));
    next.delete(contentType);
    for (const update of updates) update();
    registry.setContentType(contentType as typeof Registry.OPENMETRICS_CONTENT_TYPE);
    return registry.metrics();
  }

  return {
    instruments,
    rebucket(name, buckets) {
      registry.removeSingleMetric(serviceMetrics[name].name);
      instruments[name] = create(name, buckets) as Instruments[typeof name];
    },
    beforeScrape: (update) => void updates.push(update),
    async expose(accept) {
      const contentType = accept?.includes("application/openmetrics-text")
        ? Registry.OPENMETRICS_CONTENT_TYPE
        : Registry.PROMETHEUS_CONTENT_TYPE;
      // Those who ask before it is written share it: a crowd of scrapes costs what one costs.
      let body = next.get(contentType);
      if (!body) {
        body = write(contentType);
        next.set(contentType, body);
        last = body.catch(() => undefined);
      }
      return { contentType, body: await body };
    },
  };
}
