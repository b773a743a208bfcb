import type { LoadedModel } from "../models/registry.ts";
import type { Random } from "../statistics/random.ts";
import type { MonitorResult, MonitorResultStore, Verdict } from "../storage/monitor-results.ts";
import type { PredictionStore } from "../storage/predictions.ts";
import { featureDrift, predictionDrift } from "./drift.ts";
import type { Events } from "./events.ts";
import { type Finding, isOutside } from "./finding.ts";
import { estimatedPerformance, realizedPerformance } from "./performance.ts";
import { featureQuality } from "./quality.ts";
import type { ScenarioSwitch } from "./scenario.ts";
import { createPsiThresholds, type PsiThresholds } from "./thresholds.ts";
import { readWindow } from "./window.ts";

/** Everything that one look at the window found. */
export interface MonitorPass {
  evaluatedAt: number;
  results: MonitorResult[];
  coverage: number;
  /** Labelled predictions of the window by "actual:predicted". */
  confusion: Record<string, number>;
  rows: number;
}

export interface MonitorsOptions {
  windowSize: number;
  predictions: PredictionStore;
  results: MonitorResultStore;
  scenario: ScenarioSwitch;
  events: Events;
  random: Random;
  now: () => number;
  onPass(pass: MonitorPass): void;
}

interface Series {
  /** Whether the pass before found the figure outside its bounds. */
  wasOutside: boolean;
  verdict: Verdict;
  since: number;
}

const seriesName = ({ monitor, metric, feature }: Pick<MonitorResult, "monitor" | "metric" | "feature">): string =>
  `${monitor} ${metric} ${feature ?? ""}`;

// Between the parts of a pass requests are answered.
const breathe = () => new Promise<void>((resolve) => setImmediate(resolve));

/**
 * The monitors: quality and drift of every feature, drift of the predictions, realized and estimated performance.
 * An alarm is raised when a figure is outside its bounds in two passes in a row, and cleared by one pass inside.
 */
export function createMonitors(options: MonitorsOptions) {
  const { windowSize, predictions, results, scenario, events, random, now, onPass } = options;
  const series = new Map<string, Series>();
  for (const { verdict, since, ...result } of results.latest()) {
    series.set(seriesName(result), { wasOutside: verdict === "alarm", verdict, since });
  }
  let thresholds: { version: string; psi: PsiThresholds } | null = null;

  function psiThresholdsOf(version: string): PsiThresholds {
    if (thresholds?.version !== version) thresholds = { version, psi: createPsiThresholds(random.split()) };
    return thresholds.psi;
  }

  function judge(finding: Finding, time: number): { verdict: Verdict; since: number } {
    const name = seriesName(finding);
    const before = series.get(name);
    const outside = !finding.unjudged && isOutside(finding);
    const verdict: Verdict = finding.unjudged ?? (outside && before?.wasOutside ? "alarm" : "ok");
    const since = before?.verdict === verdict ? before.since : time;
    series.set(name, { wasOutside: outside, verdict, since });
    const wasAlarm = before?.verdict === "alarm";
    if (wasAlarm !== (verdict === "alarm")) {
      const { monitor, metric, feature } = finding;
      const state = verdict === "alarm" ? "raised" : "cleared";
      events.publish({ type: "alarm", data: { monitor, metric, feature, state, at: new Date(time).toISOString() } });
    }
    return { verdict, since };
  }

  return {
    /** Looks at the window of the model that serves; stores, publishes and returns what was found. */
    async run({ manifest, binner }: LoadedModel): Promise<MonitorPass> {
      const { reference, performance, threshold, version } = manifest;
      const window = readWindow(predictions, version, binner.width, windowSize);
      const psi = psiThresholdsOf(version);
      const findings: Finding[] = [];
      for (let column = 0; column < reference.features.length; column++) {
        findings.push(...featureQuality(reference, column, window), featureDrift(reference, column, window, psi));
        await breathe();
      }
      findings.push(
        predictionDrift(reference, window, psi),
        ...estimatedPerformance(window, performance.holdout, threshold),
      );
      await breathe();
      const realized = realizedPerformance(window, performance.holdout, threshold);
      findings.push(...realized.findings);

      const evaluatedAt = now();
      const pass: MonitorPass = {
        evaluatedAt,
        rows: window.rows,
        coverage: realized.coverage,
        confusion: realized.confusion,
        results: findings.map((finding) => {
          const { unjudged, ...figures } = finding;
          return {
            ...figures,
            ...judge(finding, evaluatedAt),
            evaluatedAt,
            windowFrom: window.from,
            windowTo: window.to,
            modelVersion: version,
            scenario: scenario.current.name,
          };
        }),
      };
      results.insertAll(pass.results);
      onPass(pass);
      const alarms = pass.results.filter((result) => result.verdict === "alarm").length;
      events.publish({
        type: "monitors",
        data: { evaluated_at: new Date(evaluatedAt).toISOString(), rows: window.rows, alarms },
      });
      return pass;
    },
  };
}

export type Monitors = ReturnType<typeof createMonitors>;
