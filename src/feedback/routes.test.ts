import { expect, test } from "bun:test";
import { createLanes } from "../http/lane.ts";
import { createRandom } from "../statistics/random.ts";
import { createDurability } from "../storage/durability.ts";
import { openStores } from "../storage/stores.ts";
import { anyPrediction } from "../testing/stored-prediction.ts";
import { feedbackRoutes } from "./routes.ts";
import { createFeedbackService } from "./service.ts";

const predictions = 20_000;
const lines = 100_000;

test("takes 100,000 lines of CSV in any order and again, and others are answered meanwhile", async () => {
  const { database, predictions: store, labels, close } = openStores(":memory:");
  const durability = await createDurability(database, ":memory:");
  const service = createFeedbackService({ durability, predictions: store, labels, now: () => 5000, onRecorded() {} });
  const app = feedbackRoutes({ service, lanes: createLanes(), authorize: () => "anyone" });
  const keys = await durability.commit(() =>
    store.append(
      Array.from({ length: predictions }, (_, i) => ({
        ...anyPrediction,
        userId: `u${i}`,
        predictedAt: 1000,
        modelVersion: i % 2 === 0 ? "retired" : "serving",
      })),
    ),
  );
  const random = createRandom(1);
  const last = new Map<number, { churned: boolean; observedAt: number }>();
  const rows = Array.from({ length: lines }, (_, i) => {
    const prediction = random.integer(predictions);
    const churned = random.uniform() < 0.5;
    // Every line is observed at a time of its own, some before the predictions were made.
    const observedAt = i;
    last.set(prediction, { churned, observedAt });
    return random.uniform() < 0.5
      ? `${keys[prediction]?.id},,${churned},${observedAt}`
      : `,u${prediction},${churned ? 1 : 0},${observedAt}`;
  });

  let turns = 0;
  const turn = setInterval(() => turns++, 1);
  const sorted = [...rows];
  for (const order of [random.shuffle(sorted), rows]) {
    const response = await app.handle(
      new Request("http://local/feedback/batch", {
        method: "POST",
        headers: { "content-type": "text/csv" },
        body: `prediction_id,user_id,churned,observed_at\n${order.join("\n")}\n`,
      }),
    );
    const { counts } = (await response.json()) as { counts: Record<string, number> };
    expect(counts).toMatchObject({ pending: 0, rejected: 0 });
    expect(Object.values(counts).reduce((sum, count) => sum + count)).toBe(lines);
    for (const [prediction, label] of last) expect(labels.get(prediction + 1)).toMatchObject(label);
  }
  clearInterval(turn);
  expect(turns).toBeGreaterThan(lines / 500);
  close();
}, 30_000);
