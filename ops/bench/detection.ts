import { disturbedFields } from "../../scheduler/scenarios.ts";
import type { ScenarioName } from "../../src/config.ts";
import type { LoadedModel } from "../../src/models/registry.ts";
import type { JudgedFinding } from "../../src/monitoring/judge.ts";
import { createRandom } from "../../src/statistics/random.ts";
import { severities } from "../../src/storage/monitor-results.ts";
import { type Pool, type StreamSettings, watchStream } from "./monitored-stream.ts";

/** What `bun run start` does unless it is told otherwise. */
export const settings: StreamSettings = { rate: 5, windowSize: 2000, every: 15, delay: 30, jitter: 0.5 };

const windowsBefore = 2;
const windowsAfter = 4;
const inputMonitors = ["drift", "quality", "prediction", "multivariate"];
const dayLooks = (24 * 3600) / settings.every;

export interface Detection {
  scenario: ScenarioName;
  /** Windows of predictions from the onset (for `concept`: from its labels being due) to the first right alarm; null if missed. */
  windows: number | null;
  /** Whether the first alarm about an input named a field that was disturbed; null when there was none. */
  isNamed: boolean | null;
  /** Whether there was any alarm before the onset. */
  isEarly: boolean;
  /** Whether the estimate claimed it. */
  isEstimated: boolean;
  worst: (typeof severities)[number];
}

const isAlarm = ({ verdict }: JudgedFinding): boolean => verdict === "alarm";
const excess = ({ value, thresholdUpper, thresholdLower }: JudgedFinding): number =>
  value > thresholdUpper ? value / thresholdUpper : thresholdLower / value;

/** Plays one scenario once, after two undisturbed windows. */
export async function detect(model: LoadedModel, pool: Pool, scenario: ScenarioName, seed: number): Promise<Detection> {
  const { windowSize, rate, delay, jitter } = settings;
  const onset = windowsBefore * windowSize;
  // A concept can only be seen once there are labels; a season is played at any hour of its day.
  const counted = scenario === "concept" ? onset + rate * delay * (1 + jitter) : onset;
  const elapsed = scenario === "seasonal" ? createRandom(seed).uniform() * 24 * 3600 : 0;
  const right: readonly string[] = disturbedFields[scenario];
  const detection: Detection = {
    scenario,
    windows: null,
    isNamed: null,
    isEarly: false,
    isEstimated: false,
    worst: "ok",
  };
  for await (const { predicted, results } of watchStream({ model, pool, settings, seed, scenario, onset, elapsed })) {
    const alarms = results.filter(isAlarm);
    if (predicted <= onset) {
      detection.isEarly ||= alarms.length > 0;
      continue;
    }
    for (const { severity } of alarms)
      if (severities.indexOf(severity) > severities.indexOf(detection.worst)) detection.worst = severity;
    detection.isEstimated ||= alarms.some(({ monitor }) => monitor === "estimated");
    const inputs = alarms.filter(({ monitor }) => inputMonitors.includes(monitor));
    const [named] = inputs.filter(({ feature }) => feature !== null).sort((a, b) => excess(b) - excess(a));
    if (named && detection.isNamed === null) detection.isNamed = right.includes(named.feature as string);
    const isRight =
      scenario === "concept"
        ? alarms.some(({ monitor }) => monitor === "realized")
        : inputs.some(({ feature }) => feature === null || right.includes(feature));
    if (isRight && detection.windows === null) detection.windows = Math.max(0, predicted - counted) / windowSize;
    if (predicted >= counted + windowsAfter * windowSize) break;
  }
  return detection;
}

/** One undisturbed day at the default settings. @returns the series that raised an alarm, with the number of looks it lasted. */
export async function watchDay(model: LoadedModel, pool: Pool, seed: number): Promise<Record<string, number>> {
  const raised: Record<string, number> = {};
  let looks = 0;
  for await (const { results } of watchStream({ model, pool, settings, seed, scenario: "none", onset: 0 })) {
    for (const { monitor, metric, feature } of results.filter(isAlarm)) {
      const series = [monitor, metric, feature].filter(Boolean).join(" ");
      raised[series] = (raised[series] ?? 0) + 1;
    }
    if (++looks >= dayLooks) return raised;
  }
  return raised;
}
