import type { Config } from "../src/config.ts";
import type { Customer, LabelledCustomer } from "../src/customer.ts";
import type { Serving } from "../src/models/serving.ts";
import type { ScenarioSwitch } from "../src/monitoring/scenario.ts";
import type { PredictionRequest, PredictionService } from "../src/predictions/service.ts";
import type { Random } from "../src/statistics/random.ts";
import type { Durability } from "../src/storage/durability.ts";
import type { ReplayRow, ReplayStore } from "../src/storage/replay.ts";
import type { StateStore } from "../src/storage/state.ts";
import { scenarios } from "./scenarios.ts";

export interface ReplayOptions {
  config: Pick<Config, "REPLAY_RATE" | "FEEDBACK_DELAY" | "FEEDBACK_DELAY_JITTER">;
  customers: ReplayStore;
  state: StateStore;
  durability: Durability;
  serving: Serving;
  service: PredictionService;
  scenario: ScenarioSwitch;
  random: Random;
  now: () => number;
}

const positionKey = "replay.position";
// After a pause the replay goes on at its rate; it does not catch up with all that it missed.
const longestGap = 5_000;

/**
 * Plays held-out customers as requests, at REPLAY_RATE, round after round, and schedules their labels. The position is
 * kept, so a restart goes on where it stopped.
 * @returns the job: one call plays what is due since the call before it.
 */
export function createReplay({
  config,
  customers,
  state,
  durability,
  serving,
  service,
  scenario,
  random,
  now,
}: ReplayOptions) {
  let last = now();
  let owed = 0;

  async function next(version: string, count: number): Promise<ReplayRow[]> {
    const stored = JSON.parse(state.get(positionKey) ?? "null") as { version: string; position: number } | null;
    let position = stored?.version === version ? stored.position : 0;
    const rows: ReplayRow[] = [];
    while (rows.length < count) {
      const found = customers.from(version, position, count - rows.length);
      if (found.length === 0 && position === 0) break;
      rows.push(...found);
      position = found.length === 0 ? 0 : (found.at(-1) as ReplayRow).position + 1;
    }
    await durability.commit(() => state.put(positionKey, JSON.stringify({ version, position })));
    return rows;
  }

  function requestOf(row: ReplayRow, time: number): PredictionRequest {
    const original: LabelledCustomer = { customer: JSON.parse(row.customer) as Customer, churned: row.churned === 1 };
    const { name, since } = scenario.current;
    const played = scenarios[name](original, { elapsed: time - since, run: since }, random);
    const jitter = 1 + config.FEEDBACK_DELAY_JITTER * (2 * random.uniform() - 1);
    const dueAt = Math.round(time + 1000 * config.FEEDBACK_DELAY * jitter);
    return { customer: played.customer, source: "replay", label: { churned: played.churned, dueAt } };
  }

  return async function replay(): Promise<void> {
    const time = now();
    owed += (config.REPLAY_RATE * Math.min(Math.max(0, time - last), longestGap)) / 1000;
    last = time;
    const count = Math.floor(owed);
    if (count === 0 || !serving.isReady) return;
    owed -= count;
    const version = customers.sourceFor(serving.model.manifest.version);
    if (!version) return;
    const rows = await next(version, count);
    await service.predict(rows.map((row) => requestOf(row, time)));
  };
}
