import {
  type Connection,
  type Distributions,
  followEvents,
  get,
  type Monitoring,
  messageOf,
  type Setup,
  type WindowFigures,
} from "./api.ts";
import { redrawCharts } from "./chart.ts";
import { byId } from "./dom.ts";
import { createForm } from "./form.ts";
import { clock } from "./format.ts";
import { createHistory } from "./history.ts";
import { createInputs } from "./inputs.ts";
import { showModels } from "./models.ts";
import { createPerformance } from "./performance.ts";
import { createPredictions } from "./predictions.ts";
import { createScenario } from "./scenario.ts";
import { createSource } from "./source.ts";
import { startTheme } from "./theme.ts";
import { showFacts, showVerdict } from "./verdict.ts";

const leastPause = 900;
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
}

async function start(): Promise<void> {
  const setup = await get<Setup>("/page/setup");
  const history = createHistory();
  let serverTime: number | null = null;
  const now = () => serverTime ?? 0;
  const performance = createPerformance(setup, history);
  const predictions = createPredictions(setup, history);
  const inputs = createInputs(setup, history, now);
  const source = createSource(setup);
  const scenario = createScenario(setup, () => refresh());
  createForm(setup);
  let version: string | null = null;
  let before: { at: number; total: number } | null = null;
  let perSecond: number | null = null;

  async function read(): Promise<void> {
    const [monitoring, distributions, figures] = await Promise.all([
      get<Monitoring>("/monitoring"),
      get<Distributions>("/monitoring/distributions"),
      get<WindowFigures>("/page/window"),
    ]);
    const isFirst = serverTime === null;
    serverTime = figures.at;
    if (isFirst) {
      const from = figures.at;
      await Promise.all(["realized", "estimated", "prediction"].map((monitor) => history.load(monitor, from)));
    }
    history.add(monitoring);
    const total = figures.minutes.reduce((sum, minute) => sum + minute.rows, 0);
    if (before && figures.at - before.at >= 3000 && total >= before.total) {
      perSecond = (1000 * (total - before.total)) / (figures.at - before.at);
      before = { at: figures.at, total };
    }
    before ??= { at: figures.at, total };
    if (perSecond === null && figures.minutes.length > 1) perSecond = (figures.minutes.at(-2)?.rows ?? 0) / 60;
    showVerdict(monitoring);
    showFacts(figures, monitoring, perSecond);
    scenario.update(monitoring);
    performance.update(figures, perSecond);
    predictions.update(figures, distributions);
    source.update(monitoring, distributions, figures);
    await inputs.update(monitoring, distributions, figures);
    if (version !== figures.model.version) {
      version = figures.model.version;
      await showModels();
    }
    document.body.dataset.ready = "true";
  }

  let isReading = false;
  let isWanted = false;
  function refresh(): void {
    isWanted = true;
    if (isReading) return;
    isReading = true;
    isWanted = false;
    read()
      .catch((error) => {
        showConnection("lost", serverTime, messageOf(error));
      })
      .finally(() =>
        setTimeout(() => {
          isReading = false;
          if (isWanted) refresh();
        }, leastPause),
      );
  }
  refresh();
  await followEvents(
    (type) => {
      if (type === "model") version = null;
      refresh();
    },
    (state, reason) => {
      showConnection(state, serverTime, reason);
      if (state === "live") refresh();
    },
  );
}

startTheme(redrawCharts);
start().catch((error: Error) => {
  showConnection("lost", null);
  byId("headline").textContent = "The service does not answer";
  byId("because").textContent = error.message;
});
