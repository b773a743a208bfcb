import { Database } from "bun:sqlite";
import { renameSync } from "node:fs";
import { join } from "node:path";
import type { Customer, LabelledCustomer } from "../../src/customer.ts";
import { generate } from "../../src/data/synthetic.ts";

/** A service that runs, to be troubled. */
export interface Troubled {
  url: string;
  dataDirectory: string;
}

export interface Trouble {
  /** The label `instance` of the service that has it. */
  instance: string;
  settings: Record<string, string>;
  /** What it does to the service beyond its settings. @returns what ends it */
  begin?(service: Troubled): () => void;
  /** The alerts that it must raise. */
  alerts: readonly string[];
}

/** Calls again and again, one call after the other. @returns what ends it */
function repeat(call: (round: number) => Promise<unknown>, pause: number): () => void {
  let isOver = false;
  async function run(): Promise<void> {
    for (let round = 0; !isOver; round++) {
      // The service may be about to be stopped.
      await call(round).catch(() => undefined);
      await Bun.sleep(pause);
    }
  }
  void run();
  return () => {
    isOver = true;
  };
}

const post = (service: Troubled, route: string, body: unknown): Promise<Response> =>
  fetch(`${service.url}${route}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });

const atOnce = 20;

/** Sends other customers in every round. */
function createSender(service: Troubled, seed: number, change: (customer: Customer) => Customer = (same) => same) {
  const stream = generate({ rows: 100_000, seed });
  return async function send() {
    const labelled = Array.from({ length: atOnce }, () => stream.next().value as LabelledCustomer);
    const customers = labelled.map(({ customer }) => change(customer));
    const response = await post(service, "/predict/batch", { customers });
    const { predictions } = (await response.json()) as { predictions: { prediction_id: string }[] };
    return predictions.map(({ prediction_id }, i) => ({ prediction_id, churned: labelled[i]?.churned }));
  };
}

/** Holds the lock of the database as another program would. */
function lock({ dataDirectory }: Troubled): { take(): void; release(): void; close(): void } {
  const database = new Database(join(dataDirectory, "service.db"));
  database.exec("PRAGMA busy_timeout = 2000");
  return {
    take: () => database.exec("BEGIN IMMEDIATE"),
    release: () => database.exec("ROLLBACK"),
    close: () => database.close(),
  };
}

const off = { REPLAY_RATE: "0" };
const replaying = { REPLAY_RATE: "50", MONITOR_WINDOW: "1000" };
const never = String(86_400);
const labelledAtFirst = 400;

export const troubles: readonly Trouble[] = [
  {
    instance: "region-outage",
    settings: { ...replaying, SCENARIO: "region-outage", FEEDBACK_DELAY: never },
    alerts: [
      "ChurnLabelsStopped",
      "ChurnImportantInputMoved",
      "ChurnInputDrifted",
      "ChurnScoreDrifted",
      "ChurnSourceDataBroken",
      "ChurnInputsDriftedTogether",
      "ChurnAttributionMoved",
    ],
  },
  {
    instance: "concept",
    settings: { ...replaying, SCENARIO: "concept", FEEDBACK_DELAY: "1" },
    alerts: ["ChurnRealizedPerformanceOut", "ChurnSegmentWorse", "ChurnEstimateWrong"],
  },
  {
    // Whoever joins the customers to what they did finds nothing any more.
    instance: "empty-customers",
    settings: off,
    begin: (service) =>
      repeat(
        createSender(service, 11, ({ user_id }) => ({ user_id })),
        200,
      ),
    alerts: ["ChurnManyInputsDrifted", "ChurnEstimatedPerformanceOut"],
  },
  {
    // A caller that garbles every fifth request, and brings the labels of one customer in ten, after it brought those of all.
    instance: "careless-caller",
    settings: { ...off, MONITOR_WINDOW: "500" },
    begin(service) {
      const send = createSender(service, 12);
      return repeat(async (round) => {
        const predicted = await send();
        const isLabelled = (i: number) => round * atOnce < labelledAtFirst || i % 10 === 0;
        await post(service, "/feedback/batch", { feedback: predicted.filter((_, i) => isLabelled(i)) });
        for (let i = 0; i < atOnce / 4; i++) await post(service, "/predict", { user_id: `u${i}`, montant: "much" });
      }, 200);
    },
    alerts: ["ChurnLabelsOverdue", "ChurnLabelCoverageLow", "ChurnRejections", "ChurnStreamDisturbed"],
  },
  {
    // The folder of the models is gone, so none can be followed and no prediction explained.
    instance: "no-models",
    settings: off,
    begin(service) {
      const folder = join(service.dataDirectory, "models");
      renameSync(folder, `${folder}-away`);
      return repeat((round) => post(service, "/predict?explain=true", { user_id: `u${round}` }), 100);
    },
    alerts: ["ChurnJobStale", "ChurnRequestErrors"],
  },
  {
    // Another program keeps the database for 0.4 s at a time.
    instance: "slow-storage",
    settings: off,
    begin(service) {
      const { take, release, close } = lock(service);
      const endLocking = repeat(async () => {
        take();
        await Bun.sleep(400);
        release();
      }, 150);
      const endCalls = repeat((round) => post(service, "/predict", { user_id: `u${round}` }), 100);
      return () => {
        endCalls();
        endLocking();
        close();
      };
    },
    alerts: ["ChurnLatencyHigh"],
  },
  {
    // Another program keeps the database and does not give it back.
    instance: "locked-storage",
    settings: { REPLAY_RATE: "5" },
    begin(service) {
      const { take, close } = lock(service);
      take();
      return close;
    },
    alerts: ["ChurnStorageUnavailable", "ChurnMonitorStale"],
  },
  {
    instance: "nobody-asks",
    settings: off,
    alerts: ["ChurnNoPredictions"],
  },
];

/** What happens to the parts themselves, and hides other alerts: the last to be brought about. */
export const alertsOfTraining = ["ChurnTrainingOld", "ChurnPushFailed"] as const;
export const alertsOfStops = ["ChurnTargetDown", "ChurnServiceDown"] as const;
