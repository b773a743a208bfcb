import { type ScenarioName, scenarioNames } from "../config.ts";
import type { StateStore } from "../storage/state.ts";

export interface ScenarioState {
  name: ScenarioName;
  /** When it began to be played (milliseconds). */
  since: number;
}

export interface ScenarioSwitchOptions {
  state: StateStore;
  now: () => number;
  onSwitch(state: ScenarioState): void;
}

export type ScenarioSwitch = ReturnType<typeof createScenarioSwitch>;

const key = "scenario";

/** Which drift scenario the replay plays, and since when; one that goes on after a restart keeps its onset. */
export function createScenarioSwitch({ state, now, onSwitch }: ScenarioSwitchOptions) {
  const stored = state.get(key);
  let current: ScenarioState = stored ? (JSON.parse(stored) as ScenarioState) : { name: "none", since: now() };
  if (!scenarioNames.includes(current.name)) current = { name: "none", since: now() };

  return {
    get current(): ScenarioState {
      return current;
    },
    /** Begins a scenario now; choosing the one that plays already changes nothing. */
    switchTo(name: ScenarioName): ScenarioState {
      if (name !== current.name) {
        current = { name, since: now() };
        state.put(key, JSON.stringify(current));
        onSwitch(current);
      }
      return current;
    },
  };
}
