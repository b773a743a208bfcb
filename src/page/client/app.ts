import { follow, Refusal, setKey } from "./api.ts";
import { createControls } from "./controls.ts";
import { fill, h } from "./dom.ts";
import { timeOfDay } from "./format.ts";
import { createInputs } from "./inputs.ts";
import { createPerformance } from "./performance.ts";
import { createPredictions } from "./predictions.ts";
import { createSource } from "./source.ts";
import { readState, type State } from "./state.ts";
import { createTryIt } from "./try-it.ts";
import { verdictView } from "./verdict.ts";

const root = document.querySelector("#app") as HTMLElement;
const live = h("p", { class: "live", role: "status" });
const verdict = h("div", {});
const bands = [createPerformance(), createPredictions(), createInputs(), createSource()];
// What a customer is made of, as the server wrote it into the page.
const fields = JSON.parse(document.querySelector("#fields")?.textContent ?? "[]") as {
  name: string;
  kind: string;
  about: string;
}[];
const tryIt = createTryIt(fields.map(({ name, kind, about }) => ({ name, isNumeric: kind === "numeric", about })));
const controls = createControls(() => void refresh());
let state: State | null = null;
let isConnected = true;
let isReading = false;
let isStale = false;

function showLive(): void {
  live.className = isConnected ? "live" : "live lost";
  const at = state?.monitoring.results[0]?.evaluated_at;
  fill(live, isConnected ? `live${at ? ` · looked at ${timeOfDay(at)}` : ""}` : "connection lost – trying again");
}

function frame(): void {
  root.replaceChildren(
    h(
      "header",
      {},
      h("p", { class: "brand" }, "Churnwatch"),
      live,
      h("nav", { "aria-label": "More" }, h("a", { href: "/docs" }, "API"), h("a", { href: "/metrics" }, "metrics")),
    ),
    verdict,
    ...bands.map(({ element }) => element),
    controls.element,
    tryIt.element,
  );
}

function askKey(): void {
  const input = h("input", { id: "key", type: "password", autocomplete: "off" }) as HTMLInputElement;
  root.replaceChildren(
    h(
      "form",
      {
        class: "key-form",
        onsubmit: (event) => {
          event.preventDefault();
          setKey(input.value);
          location.reload();
        },
      },
      h("h1", {}, "Churnwatch"),
      h("label", { for: "key" }, "This service asks for a key"),
      input,
      h("button", { type: "submit", class: "primary" }, "Open"),
    ),
  );
}

function draw(): void {
  if (!state) return;
  fill(verdict, verdictView(state));
  for (const band of bands) band.draw(state);
  controls.draw(state);
  showLive();
}

/** Reads and draws; asked again meanwhile, it does so once more afterwards. */
async function refresh(): Promise<void> {
  isStale = true;
  if (isReading) return;
  isReading = true;
  try {
    while (isStale) {
      isStale = false;
      const isFirst = state === null;
      state = await readState(state);
      if (isFirst) {
        frame();
        void tryIt.draw();
      }
      draw();
    }
  } catch (error) {
    if (error instanceof Refusal && error.status === 401) askKey();
    else if (!state)
      root.replaceChildren(
        h(
          "p",
          { class: "error", role: "alert" },
          `The service does not answer: ${error instanceof Error ? error.message : error}. `,
          h("button", { type: "button", onclick: () => void refresh() }, "Try again"),
        ),
      );
  } finally {
    isReading = false;
  }
}

let resizing: ReturnType<typeof setTimeout> | undefined;
addEventListener("resize", () => {
  clearTimeout(resizing);
  resizing = setTimeout(draw, 150);
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
await refresh();
void follow({
  onEvent: () => void refresh(),
  onState(connected) {
    if (connected && !isConnected) void refresh();
    isConnected = connected;
    showLive();
  },
});
