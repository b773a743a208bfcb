import { expect, test } from "bun:test";
import { createMetrics } from "./metrics.ts";
import { observeProcess } from "./process-metrics.ts";

const blocked = 300;

test("an event loop that was blocked is seen at the next scrape, and forgotten at the one after it", async () => {
  const metrics = createMetrics();
  observeProcess(metrics, 0);
  const lag = async () => {
    const { body } = await metrics.expose(null);
    return Number(/^churn_event_loop_lag_seconds (\S+)$/m.exec(body)?.[1]);
  };
  await Bun.sleep(50);
  await lag();
  for (const end = performance.now() + blocked; performance.now() < end; );
  await Bun.sleep(50);
  const seen = await lag();
  expect(seen).toBeGreaterThan((0.8 * blocked) / 1000);
  await Bun.sleep(50);
  expect(await lag()).toBeLessThan(seen);
});
