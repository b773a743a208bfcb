import {
  type Distributions,
  get,
  type Manifest,
  type ModelUse,
  type Monitoring,
  type Result,
  type Window,
} from "./api.ts";

/** Everything that the page shows, as it was read last. */
export interface State {
  monitoring: Monitoring;
  distributions: Distributions;
  window: Window;
  models: ModelUse[];
  manifest: Manifest | null;
  /** Past results by series: "monitor metric feature". */
  history: Map<string, Result[]>;
}

const shownMinutes = 30;
const wanted = [
  { monitor: "realized", metric: "" },
  { monitor: "estimated", metric: "" },
  { monitor: "prediction", metric: "psi" },
];

export const seriesOf = ({ monitor, metric, feature }: Pick<Result, "monitor" | "metric" | "feature">): string =>
  `${monitor} ${metric} ${feature ?? ""}`;

/** Reads the past of a monitor into the state, once. */
export async function readHistory(
  history: State["history"],
  monitor: string,
  metric: string,
  feature?: string,
): Promise<void> {
  const from = Date.now() - shownMinutes * 60_000;
  const query = new URLSearchParams({ monitor, from: String(from) });
  if (metric) query.set("metric", metric);
  if (feature) query.set("feature", feature);
  const { results } = await get<{ results: Result[] }>(`/monitoring/history?${query}`);
  const found = new Map<string, Result[]>();
  for (const result of results) {
    const series = seriesOf(result);
    const known = found.get(series);
    if (known) known.push(result);
    else found.set(series, [result]);
  }
  for (const [series, past] of found) history.set(series, past);
}

/** Appends the newest results to the series that are shown, and forgets what is too old. */
export function appendLatest(history: State["history"], results: readonly Result[]): void {
  const oldest = Date.now() - shownMinutes * 60_000;
  for (const result of results) {
    const known = history.get(seriesOf(result));
    if (!known) continue;
    if (result.evaluated_at > (known.at(-1)?.evaluated_at ?? "")) known.push(result);
    while (known.length > 0 && Date.parse((known[0] as Result).evaluated_at) < oldest) known.shift();
  }
}

/** Reads everything anew; the past only the first time. */
export async function readState(before: State | null): Promise<State> {
  const [monitoring, distributions, window, { models }] = await Promise.all([
    get<Monitoring>("/monitoring"),
    get<Distributions>("/monitoring/distributions"),
    get<Window>("/monitoring/window"),
    get<{ models: ModelUse[] }>("/models"),
  ]);
  const version = models.find(({ serving }) => serving)?.version;
  const manifest =
    before?.manifest?.version === version
      ? before?.manifest
      : version
        ? await get<Manifest>(`/models/${version}`)
        : null;
  const history = before?.history ?? new Map<string, Result[]>();
  if (!before) for (const { monitor, metric } of wanted) await readHistory(history, monitor, metric);
  appendLatest(history, monitoring.results);
  return { monitoring, distributions, window, models, manifest: manifest ?? null, history };
}

export const find = (
  state: State,
  monitor: string,
  metric: string,
  feature: string | null = null,
): Result | undefined =>
  state.monitoring.results.find(
    (result) => result.monitor === monitor && result.metric === metric && result.feature === feature,
  );

/** The scenario's onset as a mark of charts. */
export const marksOf = ({ monitoring }: State): { at: number; label: string }[] =>
  monitoring.scenario === "none"
    ? []
    : [{ at: Date.parse(monitoring.since) / 1000, label: `scenario ${monitoring.scenario} begins` }];
