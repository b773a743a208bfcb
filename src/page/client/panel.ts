import type { PanelKey, Setup } from "./api.ts";
import { html } from "./dom.ts";

export interface PanelView {
  body: HTMLElement;
  header: HTMLElement;
  title: HTMLElement;
  /** Tells that there is something to see, and how many data points that are not zero. */
  ready(points: number): void;
  empty(why?: string): void;
}

/** A panel of page.html with its title, its meaning, and its state: loading, empty, ready. */
export function createPanel(key: PanelKey, setup: Setup): PanelView {
  const element = document.querySelector<HTMLElement>(`[data-panel="${key}"]`);
  if (!element) throw new Error(`page.html has no panel ${key}`);
  const { title, meaning, empty, metrics } = setup.panels[key];
  const body = html("div", { hidden: true, class: "body" });
  const state = html("div", { class: "state" }, "Loading …");
  const heading = html("h3", {}, title);
  const about = html("p", {}, meaning, metrics.length > 0 ? ` In Prometheus: ${metrics.join(", ")}.` : "");
  const header = html("header", {}, heading, html("details", {}, html("summary", {}, "What is this?"), about));
  element.dataset.state = "loading";
  element.replaceChildren(header, state, body);

  function show(name: "ready" | "empty"): void {
    element?.setAttribute("data-state", name);
    state.hidden = name === "ready";
    body.hidden = name !== "ready";
  }
  return {
    body,
    header,
    title: heading,
    ready(points) {
      element.dataset.points = String(points);
      show("ready");
    },
    empty(why = empty) {
      state.textContent = why;
      show("empty");
    },
  };
}
