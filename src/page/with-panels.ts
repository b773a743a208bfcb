import { type PagePanel, pagePanels } from "../monitoring/page-panels.ts";

/**
 * The page with the title, the meaning and the state of every panel in its `data-panel`, before what there was: so they are read
 * before any script runs.
 * @throws Error when an element asks for a panel that there is not.
 */
export function withPanels(page: string): string {
  return new HTMLRewriter()
    .on("[data-panel]", {
      element(element) {
        const key = element.getAttribute("data-panel") ?? "";
        if (!(key in pagePanels))
          throw new Error(`page.html asks for the panel ${key}: add it to monitoring/page-panels.ts`);
        element.setAttribute("data-state", "loading");
        element.setAttribute("aria-busy", "true");
        element.prepend(headOf(pagePanels[key as keyof typeof pagePanels]), { html: true });
      },
    })
    .transform(page);
}

function headOf({ title, meaning, empty, metrics }: PagePanel): string {
  const inPrometheus = metrics.length > 0 ? ` In Prometheus: ${metrics.join(", ")}.` : "";
  return [
    `<header><h3>${Bun.escapeHTML(title)}</h3>`,
    `<details><summary>What is this?</summary><p>${Bun.escapeHTML(meaning + inPrometheus)}</p></details></header>`,
    `<p class="state" data-empty="${Bun.escapeHTML(empty)}">Loading …</p>`,
  ].join("");
}
