import { Elysia } from "elysia";
import { type Customer, fields } from "../customer.ts";
import { AppError } from "../errors.ts";
import type { Role } from "../http/access.ts";
import type { Registry } from "../models/registry.ts";
import type { Serving } from "../models/serving.ts";
import { leastCoverage, leastLabels, leastRows } from "../monitoring/finding.ts";
import { shownMetrics } from "../monitoring/metric-titles.ts";
import { pagePanels } from "../monitoring/page-panels.ts";
import type { Random } from "../statistics/random.ts";
import type { ReplayStore } from "../storage/replay.ts";
import type { SumsStore } from "../storage/sums.ts";
import { createPageAssets, respondWith } from "./assets.ts";
import { figuresOf } from "./figures.ts";

const shownTime = 3_600_000;

export interface PageRoutesOptions {
  serving: Serving;
  registry: Registry;
  sums: Pick<SumsStore, "between">;
  replay: Pick<ReplayStore, "from" | "sourceFor">;
  random: Random;
  windowSize: number;
  /** Requests refused since the start, by reason. */
  rejections(): Promise<{ reason: string; count: number }[]>;
  /** Predictions since the start. */
  answered(): Promise<number>;
  scenarios: readonly { name: string; about: string }[];
  feedbackDelay: number;
  now: () => number;
  authorize(request: Request, role: Role): string;
}

function isAllowed(ask: () => unknown): boolean {
  try {
    ask();
    return true;
  } catch (error) {
    if (error instanceof AppError && error.code === "forbidden") return false;
    throw error;
  }
}

/** The operator's page, and what only it reads. */
export function pageRoutes(options: PageRoutesOptions) {
  const { serving, registry, sums, replay, random, windowSize, rejections, answered, now, authorize } = options;
  const assets = createPageAssets();
  const startedAt = now();
  const hidden = { detail: { hide: true } };

  return new Elysia({ name: "page" })
    .onStart(() => assets.build())
    .get("/", async ({ request }) => respondWith(await assets.html(), request), hidden)
    .get("/page/app.js", async ({ request }) => respondWith(await assets.script(), request), hidden)
    .get(
      "/page/setup",
      function pageSetup({ request }) {
        authorize(request, "read");
        const { scenarios, feedbackDelay } = options;
        const { features } = serving.model.manifest.reference;
        return {
          metrics: shownMetrics.map((metric) => ({ metric, title: pagePanels[metric].title })),
          scenarios,
          may_switch: isAllowed(() => authorize(request, "admin")),
          may_predict: isAllowed(() => authorize(request, "predict")),
          feedback_delay: feedbackDelay,
          window: windowSize,
          least: { rows: leastRows, labels: leastLabels, coverage: leastCoverage },
          fields: fields.map((field) => {
            const feature = features.find(({ name }) => name === field.name);
            return { ...field, levels: feature?.kind === "categorical" ? feature.levels : [] };
          }),
        };
      },
      hidden,
    )
    .get(
      "/page/window",
      async function pageWindow({ request }) {
        authorize(request, "read");
        const { manifest } = serving.model;
        const time = now();
        const minutes = [...sums.between(manifest.version, time - shownTime, time)];
        return {
          at: time,
          started_at: startedAt,
          answered: await answered(),
          model: { version: manifest.version, trained_at: manifest.trainedAt, importance: manifest.importance },
          ...figuresOf(manifest, minutes, windowSize),
          rejections: await rejections(),
        };
      },
      hidden,
    )
    .get(
      "/page/customer",
      function replayedCustomer({ request, set }) {
        // A person and what became of them, for nothing: role `read` learns that only of predictions whose id it was told.
        authorize(request, "admin");
        set.headers["cache-control"] = "no-store";
        const version = replay.sourceFor(serving.model.manifest.version);
        if (!version) throw new AppError("not_found", "there are no held-out customers to replay: train a model first");
        const held = registry.readManifest(version).data.splits.holdout;
        const [row] = [random.integer(Math.max(1, held)), 0].flatMap((position) => replay.from(version, position, 1));
        if (!row) throw new AppError("not_found", "every held-out customer was erased: fill in one by hand");
        return { customer: JSON.parse(row.customer) as Customer, churned: row.churned === 1 };
      },
      hidden,
    )
    .get(
      "/page/models",
      function compareModels({ request }) {
        authorize(request, "read");
        return {
          services: registry.services(),
          models: registry.list().map(({ version, trainedAt }) => {
            const { data, learner, threshold, performance, durationSeconds } = registry.readManifest(version);
            return {
              version,
              trained_at: trainedAt,
              rows: data.rows,
              trees: learner.trees,
              threshold,
              duration_seconds: durationSeconds,
              holdout: performance.holdout.metrics,
            };
          }),
        };
      },
      hidden,
    );
}
