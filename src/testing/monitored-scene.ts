import { scenarios } from "../../scheduler/scenarios.ts";
import type { ScenarioName } from "../config.ts";
import type { LabelledCustomer } from "../customer.ts";
import type { LoadedModel } from "../models/registry.ts";
import { createEvents, type ServiceEvent } from "../monitoring/events.ts";
import { createLook } from "../monitoring/look.ts";
import { createMonitors } from "../monitoring/monitors.ts";
import { createScenarioSwitch } from "../monitoring/scenario.ts";
import { createRandom } from "../statistics/random.ts";
import { createMonitoredStore } from "../storage/monitored.ts";
import { openStores } from "../storage/stores.ts";
import { replayedPrediction, storePrediction } from "./stored-prediction.ts";

type Stores = ReturnType<typeof openStores>;

/** Monitors over a database of their own, and a way to let customers be predicted and labelled. */
export function createMonitoredScene(model: LoadedModel, stores: Stores = openStores(":memory:")) {
  const events = createEvents();
  const heard: ServiceEvent[] = [];
  events.subscribe((event) => void heard.push(event));
  let time = Date.UTC(2026, 0);
  let refused = 0;
  const now = () => (time += 1000);
  const monitors = createMonitors({
    look: createLook({
      monitored: createMonitoredStore(stores.database),
      readManifest: () => model.manifest,
      readExplanations: () => model.explanations(),
      windowSize: 2000,
      random: createRandom(1),
    }),
    results: stores.results,
    state: stores.state,
    scenario: createScenarioSwitch({ state: stores.state, now, onSwitch: () => {} }),
    events,
    now,
    every: 15,
    refusedSince: () => ({ count: refused, reason: "wrong_type", reasons: new Map([["wrong_type", refused]]) }),
    onPass: () => {},
  });
  const width = model.manifest.features.length;
  const played: number[] = [];
  async function play(
    labelled: readonly LabelledCustomer[],
    labels: "all" | "none" = "all",
    modelVersion = model.manifest.version,
  ): Promise<void> {
    const features = new Float32Array(labelled.length * width);
    for (const [i, { customer }] of labelled.entries()) model.encode(customer, features, i * width);
    const probabilities = labelled.length > 0 ? await model.session.score(features, labelled.length) : [];
    for (const [i, { customer, churned }] of labelled.entries()) {
      const { seq } = storePrediction(stores.predictions, {
        ...replayedPrediction(model, customer, probabilities[i] as number),
        predictedAt: now(),
        modelVersion,
      });
      played.push(seq);
      if (labels === "all") label(seq, churned, "recorded");
    }
  }
  function label(seq: number, churned: boolean, status: "recorded" | "corrected"): void {
    const now = { churned, observedAt: time, receivedAt: time + 5000 };
    stores.labels.put(seq, now);
    stores.labels.appendHistory(seq, now, status);
  }
  return {
    stores,
    play,
    label,
    played,
    refuse: (count: number) => {
      refused = count;
    },
    wait: (milliseconds: number) => {
      time += milliseconds;
    },
    run: () => monitors.run(model),
    evidence: () => monitors.evidence,
    silentSince: () => monitors.silentSince,
    latest: () => stores.results.latest(),
    heard,
  };
}

/** Customers as a scenario changes them, five a second. */
export function disturb(name: ScenarioName, rows: readonly LabelledCustomer[]): LabelledCustomer[] {
  const random = createRandom(3);
  return rows.map((labelled, i) => scenarios[name](labelled, { elapsed: i * 200, run: 1 }, random));
}
