import {
  type Answer,
  attempt,
  type Connection,
  type Distributions,
  followEvents,
  get,
  type Monitoring,
  messageOf,
  pause,
  type Setup,
  type WindowFigures,
} from "./api.ts";
import { redrawCharts } from "./chart.ts";
import { byId } from "./dom.ts";
import { createForm } from "./form.ts";
import { clock } from "./format.ts";
import { createHistory } from "./history.ts";
import { createInputs } from "./inputs.ts";
import { createModels, type Versions } from "./models.ts";
import { failAll } from "./panel.ts";
import { createPerformance } from "./performance.ts";
import { createPredictions } from "./predictions.ts";
import { createRate, firstRate } from "./rate.ts";
import { createScenario } from "./scenario.ts";
import { createSource } from "./source.ts";
import { startTheme } from "./theme.ts";
import { showFacts, showNoVerdict, showVerdict } from "./verdict.ts";
import { waitingForRows } from "./waiting.ts";

const leastPause = 900;
const mostPause = 5000;
const connection = byId("connection");
const words: Record<Connection, string> = {
  connecting: "Connecting …",
  live: "Live",
  lost: "Connection lost: what is shown is old. Trying again",
};

function showConnection(state: Connection, time: number | null, reason?: string): void {
  const text = state === "lost" && time !== null ? `${words.lost}; last seen ${clock(time)}` : words[state];
  connection.title = reason ?? "";
  if (connection.textContent !== text) connection.textContent = text;
  connection.dataset.state = state;
  document.body.dataset.connection = state;
}

/** What the page must know before it can draw; asked for until it is there. */
async function readSetup(): Promise<Setup> {
  for (;;) {
    const setup = await attempt(get<Setup>("/page/setup"));
    if ("value" in setup) return setup.value;
    showNoVerdict(setup.error);
    failAll(setup.error);
    await pause(2000);
  }
}

async function start(): Promise<void> {
  const setup = await readSetup();
  const history = createHistory();
  const performance = createPerformance(setup, history);
  const predictions = createPredictions(history);
  const inputs = createInputs(setup, history);
  const source = createSource();
  const models = createModels();
  const scenario = createScenario(setup, () => refresh());
  const rate = createRate();
  createForm(setup);
  let serverTime: number | null = null;
  let versions: Answer<Versions> | null = null;
  let version: string | null = null;
  let perSecond: number | null = null;

  async function read(): Promise<void> {
    const [monitoring, distributions, figures] = await Promise.all([
      attempt(get<Monitoring>("/monitoring")),
      attempt(get<Distributions>("/monitoring/distributions")),
      attempt(get<WindowFigures>("/page/window")),
    ]);
    if ("value" in figures) {
      serverTime = figures.value.at;
      perSecond = rate.add(figures.value) ?? firstRate(figures.value);
      if (figures.value.model.version !== version) versions = null;
      version = figures.value.model.version;
    }
    if (versions === null || "error" in versions) {
      versions = await attempt(get<Versions>("/page/models"));
      if ("value" in versions) history.services = versions.value.services;
    }
    models.update(versions);
    const rows = "value" in monitoring ? monitoring.value.rows : 0;
    const waiting = waitingForRows(rows, perSecond, setup);
    if ("value" in monitoring) {
      const now = Date.now();
      history.add(monitoring.value);
      showVerdict(monitoring.value, waiting, now);
      scenario.update(monitoring.value, now);
    } else showNoVerdict(monitoring.error);
    if ("value" in figures) showFacts(figures.value, "value" in monitoring ? monitoring.value : null, perSecond);
    source.update(monitoring, distributions, figures, waiting);
    await Promise.all([
      performance.update(figures, perSecond),
      predictions.update(figures, distributions, waiting),
      inputs.update([monitoring, distributions, figures], waiting),
    ]);
    document.body.dataset.ready = "true";
  }

  let isLive = false;
  let isReading = false;
  let isWanted = false;
  let timer = 0;
  function refresh(): void {
    isWanted = true;
    if (isReading) return;
    clearTimeout(timer);
    isReading = true;
    isWanted = false;
    read()
      .catch(reportError)
      .finally(() => {
        timer = window.setTimeout(() => {
          isReading = false;
          if (isWanted) refresh();
          // What is counted goes on between two looks of the monitors.
          else if (isLive) timer = window.setTimeout(refresh, mostPause - leastPause);
        }, leastPause);
      });
  }
  refresh();
  await followEvents(
    (type) => {
      if (type === "model") versions = null;
      refresh();
    },
    (state, reason) => {
      isLive = state === "live";
      showConnection(state, serverTime, reason);
      if (isLive) refresh();
    },
  );
}

byId("zone").textContent = `Times are those of ${Intl.DateTimeFormat().resolvedOptions().timeZone}.`;
startTheme(redrawCharts);
start().catch((error) => {
  failAll(messageOf(error));
  reportError(error);
});
