import { type Answer, messageOf, type PanelKey } from "./api.ts";
import { html } from "./dom.ts";

/** What the answers hold. */
type Values<A extends readonly unknown[]> = { [K in keyof A]: A[K] extends Answer<infer T> ? T : never };

export interface PanelView {
  body: HTMLElement;
  header: HTMLElement;
  title: HTMLElement;
  /** Draws from what the service answered; tells what went wrong when it did not, above what was drawn before. */
  draw<A extends readonly Answer<unknown>[]>(answers: readonly [...A], paint: (...values: Values<A>) => void): void;
  /** Tells that there is something to see, and how many data points that are not zero. */
  ready(points: number): void;
  /** Scrolls to it when its beginning is not to be seen, as under a list that fills a narrow window. */
  show(): void;
  empty(why?: string): void;
  failed(why: string): void;
  /** Its content may be wider than a narrow window: scrolled by keyboard, too. */
  scrollable(label: string): void;
  /** Tells why what was asked for was not done; what was drawn before goes, since it was another answer. */
  refused(why: string): void;
}

/** Tells in every panel why there is nothing to see. */
export function failAll(why: string): void {
  for (const element of document.querySelectorAll<HTMLElement>("[data-panel]")) {
    element.dataset.state = "error";
    element.removeAttribute("aria-busy");
    const state = element.querySelector<HTMLElement>(".state");
    if (state) state.textContent = sentence(why);
  }
}

const sentence = (why: string): string => `It could not be read: ${why}. Trying again.`;

/** A panel of page.html and its state: loading, empty, error, ready. */
export function createPanel(key: PanelKey): PanelView {
  const element = document.querySelector<HTMLElement>(`[data-panel="${key}"]`);
  const [header, title, state] = ["header", "h3", ".state"].map((part) => element?.querySelector<HTMLElement>(part));
  if (!element || !header || !title || !state) throw new Error(`page.html has no panel ${key}`);
  const body = html("div", { hidden: true, class: "body" });
  const emptyText = state.dataset.empty ?? "";
  element.append(body);

  function show(name: "ready" | "empty" | "error", text = ""): void {
    if (element?.dataset.state !== name) element?.setAttribute("data-state", name);
    element?.removeAttribute("aria-busy");
    if (state && state.textContent !== text) state.textContent = text;
    if (state) state.hidden = name === "ready";
    // What was drawn before stays to be seen, under the word that it is old.
    if (name !== "error") body.hidden = name !== "ready";
  }
  const failed = (why: string) => show("error", (body.hidden ? "" : "This is old. ") + sentence(why));

  return {
    body,
    header,
    title,
    draw<A extends readonly Answer<unknown>[]>(answers: readonly [...A], paint: (...values: Values<A>) => void) {
      const values: unknown[] = [];
      for (const answer of answers) {
        if ("error" in answer) return failed(answer.error);
        values.push(answer.value);
      }
      try {
        paint(...(values as Values<A>));
      } catch (defect) {
        failed(messageOf(defect));
        reportError(defect);
      }
    },
    ready(points) {
      element.dataset.points = String(points);
      show("ready");
    },
    show() {
      const { top } = element.getBoundingClientRect();
      if (top < 0 || top > 0.8 * innerHeight) element.scrollIntoView({ block: "start" });
    },
    empty: (why = emptyText) => show("empty", why),
    failed,
    scrollable(label) {
      body.classList.add("scrolls");
      body.tabIndex = 0;
      body.setAttribute("role", "region");
      body.setAttribute("aria-label", label);
    },
    refused(why) {
      body.hidden = true;
      show("error", why);
    },
  };
}
