import { existsSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { Gauge, Registry } from "prom-client";
import { AppError, messageOf } from "../errors.ts";
import { trainingJob, trainingMetrics } from "../metric-catalogue.ts";
import { type Manifest, performanceMetrics } from "../models/manifest.ts";
import { binLabels } from "../models/profile.ts";

/** Beside the model until the Pushgateway has it. */
export const waitingFile = "push.txt";
const pushedFile = "pushed.txt";
const timeout = 5_000;

/** What a training run tells the Pushgateway, as Prometheus text. */
export async function trainingPayload(manifest: Manifest): Promise<string> {
  const registry = new Registry();
  const gauge = (metric: (typeof trainingMetrics)[keyof typeof trainingMetrics]) =>
    new Gauge<string>({ name: metric.name, help: metric.help, labelNames: [...metric.labels], registers: [registry] });
  const model_version = manifest.version;

  const samples = gauge(trainingMetrics.samples);
  const splits = Object.values(manifest.performance);
  for (const observed_class of [0, 1] as const) {
    samples.set(
      { model_version, observed_class: String(observed_class) },
      splits.reduce((sum, { classes }) => sum + classes[observed_class], 0),
    );
  }
  const performance = gauge(trainingMetrics.performance);
  for (const [split, { metrics }] of Object.entries(manifest.performance)) {
    for (const metric of performanceMetrics)
      performance.set({ model_version, metric, split }, metrics[metric].value ?? Number.NaN);
  }
  const reference = gauge(trainingMetrics.featureReference);
  for (const feature of manifest.reference.features) {
    binLabels(feature).forEach((bin, b) => {
      reference.set(
        { model_version, feature: feature.name, bin },
        (feature.counts[b] as number) / manifest.reference.rows,
      );
    });
  }
  gauge(trainingMetrics.duration).set({ model_version }, manifest.durationSeconds);
  gauge(trainingMetrics.lastSuccess).set({ model_version }, manifest.trainedAt / 1000);
  return registry.metrics();
}

/**
 * Replaces what the Pushgateway knows of training.
 * @throws AppError `unavailable` when it cannot be reached or refuses.
 */
async function push(url: string, payload: string): Promise<void> {
  const address = `${url.replace(/\/+$/, "")}/metrics/job/${trainingJob}`;
  let response: Response;
  try {
    response = await fetch(address, {
      method: "PUT",
      body: payload,
      headers: { "content-type": "text/plain" },
      signal: AbortSignal.timeout(timeout),
    });
  } catch (error) {
    throw new AppError("unavailable", `the Pushgateway at ${url} cannot be reached: ${messageOf(error)}`, {
      cause: error,
    });
  }
  if (response.ok) return;
  const reason = await response.text().catch((error: unknown) => `why did not come whole: ${messageOf(error)}`);
  throw new AppError(
    "unavailable",
    `the Pushgateway at ${url} answered ${response.status}: ${reason.slice(0, 200).trimEnd()}`,
  );
}

/**
 * Pushes the payload of the newest model that still waits; older ones have been overtaken and wait no longer.
 * @returns the version whose payload was pushed, or null when none waited.
 * @throws AppError `unavailable`; the payload then waits on.
 */
export async function pushWaiting(url: string, modelsDirectory: string): Promise<string | null> {
  if (!existsSync(modelsDirectory)) return null;
  const waiting = readdirSync(modelsDirectory)
    .filter((version) => !version.startsWith(".") && existsSync(join(modelsDirectory, version, waitingFile)))
    .sort();
  const newest = waiting.at(-1);
  if (!newest) return null;
  await push(url, readFileSync(join(modelsDirectory, newest, waitingFile), "utf8"));
  for (const version of waiting)
    renameSync(join(modelsDirectory, version, waitingFile), join(modelsDirectory, version, pushedFile));
  return newest;
}
