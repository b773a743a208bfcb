import { join } from "node:path";
import { startScheduler } from "../scheduler/index.ts";
import { createJobs } from "../scheduler/jobs.ts";
import { scenarioMeanings } from "../scheduler/scenarios.ts";
import { createApp } from "./app.ts";
import { type Config, scenarioNames } from "./config.ts";
import { createErasure } from "./erasure/service.ts";
import { AppError, messageOf } from "./errors.ts";
import { createFeedbackService } from "./feedback/service.ts";
import { type Access, createAccess } from "./http/access.ts";
import { drain, endWithin } from "./http/drain.ts";
import { createLanes } from "./http/lane.ts";
import { listen, urlToCall } from "./http/listen.ts";
import { createInstrumentation } from "./instrumentation.ts";
import { observeJobs } from "./job-metrics.ts";
import type { Logger } from "./log.ts";
import { createMetrics } from "./metrics.ts";
import { createRegistry } from "./models/registry.ts";
import { createServing } from "./models/serving.ts";
import { createEvents } from "./monitoring/events.ts";
import { createMonitors } from "./monitoring/monitors.ts";
import { createRefusals } from "./monitoring/refusals.ts";
import { createScenarioSwitch } from "./monitoring/scenario.ts";
import { createMonitoringThread } from "./monitoring/thread.ts";
import { createPredictionService } from "./predictions/service.ts";
import { createPredictionThread } from "./predictions/thread.ts";
import { observeProcess } from "./process-metrics.ts";
import { createRandom } from "./statistics/random.ts";
import { createAuditLog } from "./storage/audit.ts";
import { type Checkpointer, createCheckpointer } from "./storage/checkpoint.ts";
import type { Database } from "./storage/database.ts";
import { createDurability } from "./storage/durability.ts";
import { StorageFailure, storageFaults } from "./storage/failure.ts";
import { lockDataDirectory } from "./storage/lock.ts";
import { openStores } from "./storage/stores.ts";
import { createUserIndex } from "./storage/user-index.ts";
import { startTracing } from "./tracing/start.ts";

export interface ServiceOptions {
  config: Config;
  log: Logger;
  now: () => number;
  newId: (time: number) => string;
  /** Seeds the replay's jitter and scenarios, and the simulated thresholds. */
  seed: number;
  /** Must end the process at once, without closing anything: the log then still has all, and the next start reads it. */
  onFatal(reason: string): void;
}

export interface Service {
  /** Where a caller on this machine finds it. */
  url: string;
  /** Answers what was accepted, ends every job and stream, and closes the database. */
  stop(): Promise<void>;
}

/** Milliseconds that a stop waits for jobs, and then for senders that have not sent their request whole or read their answer. */
const patience = 1500;
const betweenTries = 20;
/** Milliseconds after which a stop waits no more for a thread that predicts and does not answer: containers are killed after 10 s. */
const longestWait = 5000;
const loopback = ["127.0.0.1", "localhost", "::1"];
/** Requests per second of each key when no limit is set: more than an honest caller of single predictions sends. */
const rateLimitOfKeys = 1000;

/**
 * Puts the service together and starts it: API, scheduler, monitors.
 * @throws AppError when the data directory is taken or unwritable, the port is in use, no model can be loaded, or it would
 *   be open to others without API keys.
 */
export async function startService({ config, log, now, newId, seed, onFatal }: ServiceOptions): Promise<Service> {
  const access = accessOf(config, now);
  const lock = lockDataDirectory(config.DATA_DIR);
  const random = createRandom(seed);
  const databaseFile = join(config.DATA_DIR, "service.db");
  const stores = openStores(databaseFile);
  writeBacklog(stores.database, log);
  stores.predictions.catchUp();
  const metrics = createMetrics();
  const { instruments } = metrics;
  const stopping = new AbortController();
  instruments.storageAvailable.set(1);
  for (const thread of ["prediction", "monitoring", "checkpoint"]) instruments.threadFailures.inc({ thread }, 0);
  for (const fault of storageFaults) instruments.storageFailures.inc({ fault }, 0);
  const durability = await createDurability(
    stores.database,
    databaseFile,
    (failure) => {
      instruments.storageAvailable.set(failure ? 0 : 1);
      if (!failure) return log.info("the storage works again");
      instruments.storageFailures.inc({ fault: failure.fault });
      log.error(failure.message);
    },
    stopping.signal,
  );
  const onThreadFailure = (thread: string) => (reason: string) => {
    instruments.threadFailures.inc({ thread });
    log.warn(`the ${thread} thread was given up: ${reason}`);
  };

  const checkpointer = createCheckpointer({
    database: stores.database,
    path: databaseFile,
    hold: durability.hold,
    now,
    onFailure: onThreadFailure("checkpoint"),
    onLostWrites: (error) => onFatal(`the disk lost what was written to ${databaseFile}: ${messageOf(error)}`),
  });
  const instrumentation = createInstrumentation(metrics);
  const events = createEvents();
  observeProcess(metrics, now());

  const modelsFolder = join(config.DATA_DIR, "models");
  const registry = createRegistry({ directory: modelsFolder, store: stores.models, now });
  const predictionThread = createPredictionThread({
    databaseFile,
    modelsFolder,
    random: random.split(),
    onFailure: onThreadFailure("prediction"),
  });
  const serving = createServing({
    registry,
    predictor: predictionThread,
    onChange(model) {
      instrumentation.onModel(model);
      events.publish({ type: "model", data: { version: model.manifest.version, at: new Date(now()).toISOString() } });
      log.info({ version: model.manifest.version }, "model serves");
    },
  });
  const scenario = createScenarioSwitch({
    state: stores.state,
    now,
    onSwitch({ name, since }) {
      instruments.scenario.reset();
      instruments.scenario.set({ scenario: name }, 1);
      events.publish({ type: "scenario", data: { scenario: name, since: new Date(since).toISOString() } });
      log.info({ scenario: name }, "scenario begins");
    },
  });
  const audit = createAuditLog(stores.audit, durability);
  if (scenario.current.name !== config.SCENARIO)
    await audit.record({ at: now(), actor: "setting", action: "scenario.switch", subject: config.SCENARIO }, () =>
      scenario.switchTo(config.SCENARIO),
    );
  instruments.scenario.set({ scenario: scenario.current.name }, 1);

  const feedback = createFeedbackService({
    durability,
    predictions: stores.predictions,
    labels: stores.labels,
    now,
    onRecorded: instrumentation.onFeedback,
  });
  const predictions = createPredictionService({
    durability,
    predictions: stores.predictions,
    labels: stores.labels,
    serving,
    thread: predictionThread,
    now,
    onStored: instrumentation.onStored,
  });
  const lanes = createLanes();
  metrics.beforeScrape(() =>
    instruments.queueDepth.set(predictions.queueLength + lanes.single.length + lanes.bulk.length),
  );
  const refusals = createRefusals(now);
  const thread = createMonitoringThread(
    {
      databaseFile,
      modelsFolder,
      windowSize: config.MONITOR_WINDOW,
      seed: random.integer(2 ** 32),
    },
    onThreadFailure("monitoring"),
  );
  const monitors = createMonitors({
    look: thread.look,
    results: stores.results,
    state: stores.state,
    scenario,
    events,
    now,
    every: config.MONITOR_EVERY,
    refusedSince: refusals.since,
    onPass: instrumentation.onMonitorPass,
  });

  const tracing = await startTracing(config.OTEL_EXPORTER_OTLP_ENDPOINT, (reason) =>
    log.warn(`traces are not sent to ${config.OTEL_EXPORTER_OTLP_ENDPOINT}: ${reason}`),
  );
  const app = createApp({
    predictions,
    feedback,
    registry,
    serving,
    results: stores.results,
    monitors,
    readHistory: thread.history,
    refusals,
    scenario,
    events,
    audit,
    metrics,
    access,
    durability,
    erasure: createErasure({ ...stores, service: predictions, checkpointer, audit, now }),
    lanes,
    page: {
      sums: stores.sums,
      replay: stores.replay,
      random: createRandom(seed),
      windowSize: config.MONITOR_WINDOW,
      scenarios: scenarioNames.map((name) => ({ name, about: scenarioMeanings[name] })),
      feedbackDelay: config.FEEDBACK_DELAY,
    },
    now,
    newId,
    tracing,
    onAnswered({ requestId, traceId, ...answered }) {
      if (log.isLevelEnabled("debug")) log.debug({ request_id: requestId, trace_id: traceId, ...answered }, "answered");
    },
    onDefect: (error, { method, requestId }) =>
      log.error({ err: error, method, request_id: requestId }, "a request failed"),
    stopping: stopping.signal,
  });

  async function close(): Promise<void> {
    await tracing?.stop();
    await checkpointer.close();
    thread.close();
    await predictionThread.close();
    await emptyLog(checkpointer, log);
    await durability.close();
    stores.close();
    lock.release();
  }

  try {
    await serving.follow();
    if (!serving.isReady) throw new AppError("unavailable", "there is no model: train one with bun run train");
    listen(app, config);
  } catch (error) {
    await close();
    throw error;
  }
  const jobs = createJobs({
    config,
    stores,
    durability,
    serving,
    predictions,
    feedback,
    scenario,
    monitors,
    collect: thread.collect,
    checkpoint: checkpointer.run,
    random: random.split(),
    now,
    stopping: stopping.signal,
  });
  const observeRun = observeJobs(
    metrics,
    jobs.map(({ name }) => name),
    now,
  );
  const scheduler = startScheduler(jobs, (run) => {
    observeRun(run);
    if (run.outcome !== "failure") return;
    durability.notice(run.error);
    log.error({ job: run.job, err: run.error }, `job failed: ${messageOf(run.error)}`);
  });

  return {
    url: urlToCall(config.HOST, app.server?.port),
    async stop() {
      stopping.abort();
      const { server } = app;
      const giveUp = setTimeout(predictionThread.close, longestWait);
      await Promise.all([
        endWithin(scheduler.stop(), patience, () => {
          thread.close();
          void checkpointer.close();
        }),
        server && drain(server),
      ]);
      await endWithin(app.stop(), patience, () => server?.stop(true));
      await Promise.all([predictions.idle(), feedback.idle()]);
      clearTimeout(giveUp);
      await close();
    },
  };
}

/** So that nothing that was deleted stays in the log of a service that is stopped; what cannot be done now, the next start does. */
async function emptyLog(checkpointer: Checkpointer, log: Logger): Promise<void> {
  try {
    // Threads that were ended a moment ago may still read.
    for (const end = performance.now() + patience; !(await checkpointer.empty()); await Bun.sleep(betweenTries))
      if (performance.now() > end) return log.warn("the log of the database was not emptied: somebody reads from it");
  } catch (error) {
    log.warn(`the log of the database was not emptied: ${messageOf(error)}`);
  }
}

/** What cannot be written now is written with the next predictions. */
function writeBacklog(database: Database, log: Logger): void {
  try {
    createUserIndex(database).writeBacklog();
  } catch (error) {
    if (!(error instanceof StorageFailure)) throw error;
    log.warn(`the index of users is not complete yet: ${error.message}`);
  }
}

/** @throws AppError `invalid_setting` when it would be open to others without API keys. */
function accessOf({ API_KEYS, RATE_LIMIT, ALLOW_OPEN, HOST }: Config, now: () => number): Access {
  const isOpen = API_KEYS.length === 0;
  if (isOpen && !loopback.includes(HOST) && ALLOW_OPEN !== "1") {
    throw new AppError(
      "invalid_setting",
      `HOST=${HOST} can be reached by others: set API_KEYS, or ALLOW_OPEN=1 if something else guards it`,
    );
  }
  return createAccess({
    keys: API_KEYS,
    rateLimit: RATE_LIMIT ?? (isOpen ? 0 : rateLimitOfKeys),
    isForLoopback: ALLOW_OPEN !== "1",
    now,
  });
}
