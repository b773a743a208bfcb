import { join } from "node:path";
import { exampleCustomer } from "../customer.ts";
import { createRandom } from "../statistics/random.ts";
import { openReader } from "../storage/database.ts";
import { waitedForProcessor } from "./processor-time.ts";
import { type RunningService, startProcess } from "./service-process.ts";

export interface CrashOptions {
  /** A data directory with a model. */
  dataDirectory: string;
  kills: number;
  /** Connections that predict and give feedback, each as soon as it is answered. */
  clients: number;
  seed: number;
}

export interface CrashReport {
  kills: number;
  predictions: number;
  labels: number;
  /** Acknowledged, but not there after a restart. */
  lost: number;
  /** There more than once. */
  duplicates: number;
  /** Replayed predictions that have neither a label nor one that is due later, or both. */
  unscheduled: number;
  /** Replayed predictions, of which labels were given out, and results of monitors that the killed services stored. */
  replayed: number;
  released: number;
  monitored: number;
  /** What the integrity check said, when it was not ok. */
  damages: string[];
  /**
   * Milliseconds from the start of the process to readiness, one for each start, without those in which it was ready to run and the
   * machine ran something else.
   */
  startups: number[];
}

/** What the service has acknowledged: the customer of each prediction, and the label that was given. */
interface Acknowledged {
  predictions: Map<string, string>;
  labels: Map<string, boolean>;
}

const shortestLife = 100;
const longestLife = 900;

/**
 * Kills the service again and again at random moments while clients predict and give feedback, customers are replayed and
 * monitors run, and compares after each restart what is stored with what was acknowledged.
 */
export async function crashService({ dataDirectory, kills, clients, seed }: CrashOptions): Promise<CrashReport> {
  const random = createRandom(seed);
  const acknowledged: Acknowledged = { predictions: new Map(), labels: new Map() };
  const report: CrashReport = {
    kills: 0,
    predictions: 0,
    labels: 0,
    lost: 0,
    duplicates: 0,
    unscheduled: 0,
    replayed: 0,
    released: 0,
    monitored: 0,
    damages: [],
    startups: [],
  };
  const busy = { DATA_DIR: dataDirectory, REPLAY_RATE: "100", FEEDBACK_DELAY: "1", MONITOR_EVERY: "1" };
  for (; report.kills < kills; report.kills++) {
    const service = await startReady(busy, report);
    verify(dataDirectory, acknowledged, report);
    const load = startClients(service, clients, `crash-${report.kills}`, acknowledged);
    await Bun.sleep(shortestLife + random.uniform() * (longestLife - shortestLife));
    load.expectBreak();
    await service.end("SIGKILL");
    await load.ended;
  }
  const service = await startReady({ ...busy, REPLAY_RATE: "0" }, report);
  try {
    verify(dataDirectory, acknowledged, report);
  } finally {
    await service.end("SIGTERM");
  }
  report.predictions = acknowledged.predictions.size;
  report.labels = acknowledged.labels.size;
  return report;
}

async function startReady(environment: Record<string, string>, report: CrashReport): Promise<RunningService> {
  const started = performance.now();
  const service = await startProcess({ ...environment, LOG_LEVEL: "silent" });
  const ready = await fetch(`${service.url}/health/ready`);
  report.startups.push(performance.now() - started - waitedForProcessor(service.process.pid));
  if (ready.status !== 200) throw new Error(`the service is not ready after its start: ${await ready.text()}`);
  return service;
}

/**
 * Clients that predict and give feedback until the service is gone. Each customer is asked about once, so that a second
 * prediction of the same customer can only be a duplicate.
 */
function startClients(service: RunningService, clients: number, name: string, { predictions, labels }: Acknowledged) {
  async function post(path: string, body: unknown): Promise<{ prediction_id?: string }> {
    const response = await fetch(`${service.url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const answer = (await response.json()) as { prediction_id?: string };
    if (response.status !== 200) throw new Error(`${path} answered ${response.status}: ${JSON.stringify(answer)}`);
    return answer;
  }

  async function ask(client: number): Promise<void> {
    for (let i = 0; ; i++) {
      const userId = `${name}-${client}-${i}`;
      const { prediction_id: id = "" } = await post("/predict", { ...exampleCustomer, user_id: userId });
      predictions.set(id, userId);
      const churned = i % 2 === 0;
      await post("/feedback", { prediction_id: id, churned });
      labels.set(id, churned);
    }
  }

  let isBreakExpected = false;
  const ended = Promise.all(
    Array.from({ length: clients }, (_, client) =>
      ask(client).catch((error: unknown) => {
        // A killed service breaks connections; an answer that is not 200 or a service that lives on is a failure.
        if (!isBreakExpected || String(error).includes(" answered ")) throw error;
      }),
    ),
  );
  // Looked at by `await` later; a failure until then is no unhandled one.
  ended.catch(() => undefined);
  return {
    ended,
    /** From now on a broken connection is no failure. */
    expectBreak() {
      isBreakExpected = true;
    },
  };
}

function verify(dataDirectory: string, { predictions, labels }: Acknowledged, report: CrashReport): void {
  const database = openReader(join(dataDirectory, "service.db"));
  try {
    const { integrity_check: integrity } = database.query("PRAGMA integrity_check").get() as {
      integrity_check: string;
    };
    if (integrity !== "ok") report.damages.push(integrity);
    const stored = new Map(
      (
        database
          .query(
            `SELECT id, user_id AS userId, labels.churned,
               (SELECT count(*) FROM label_history WHERE prediction_seq = predictions.seq) AS said
             FROM predictions LEFT JOIN labels ON prediction_seq = seq WHERE user_id GLOB 'crash-*'`,
          )
          .all() as { id: string; userId: string; churned: number | null; said: number }[]
      ).map((row) => [row.id, row]),
    );
    for (const [id, userId] of predictions) if (stored.get(id)?.userId !== userId) report.lost++;
    for (const [id, churned] of labels) if (stored.get(id)?.churned !== Number(churned)) report.lost++;
    report.duplicates += stored.size - new Set([...stored.values()].map(({ userId }) => userId)).size;
    for (const { said } of stored.values()) if (said > 1) report.duplicates++;
    const { count } = database
      .query(
        `SELECT count(*) AS count FROM predictions
         LEFT JOIN labels ON labels.prediction_seq = seq
         LEFT JOIN scheduled_labels ON scheduled_labels.prediction_seq = seq
         WHERE source = 'replay' AND (labels.churned IS NULL) = (scheduled_labels.churned IS NULL)`,
      )
      .get() as { count: number };
    report.unscheduled += count;
    const work = database
      .query(
        `SELECT count(*) AS replayed, count(churned) AS released, (SELECT count(*) FROM monitor_results) AS monitored
         FROM predictions LEFT JOIN labels ON prediction_seq = seq WHERE source = 'replay'`,
      )
      .get() as Pick<CrashReport, "replayed" | "released" | "monitored">;
    Object.assign(report, work);
  } finally {
    database.close();
  }
}
