import { readFileSync } from "node:fs";
import type Axe from "axe-core";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";

declare global {
  interface Window {
    /** Once its script has run in the page. */
    axe: typeof Axe;
  }
}

const axe = readFileSync(Bun.resolveSync("axe-core/axe.min.js", import.meta.dir), "utf8");

/** Somebody who opens pages of the service, and notes what the browser complained of and whom it asked. */
export function createVisitor(browser: Browser, origin: string) {
  const complaints: string[] = [];
  const strangers: string[] = [];
  return {
    complaints,
    strangers,
    async open(options: BrowserContextOptions = {}): Promise<Page> {
      const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, ...options });
      page.on("console", (message) => {
        if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
      });
      page.on("pageerror", (error) => complaints.push(String(error)));
      page.on("request", (request) => {
        const { origin: asked, protocol } = new URL(request.url());
        if (protocol !== "data:" && asked !== origin) strangers.push(request.url());
      });
      return page;
    },
  };
}

/** The name, state and points of every panel, and what is said in place of the data. */
export const panelsOf = (page: Page) =>
  page.$$eval("[data-panel]", (panels) =>
    panels.map((panel) => {
      const state = panel.querySelector<HTMLElement>(".state");
      return {
        name: panel.getAttribute("data-panel") ?? "",
        title: panel.querySelector("h3")?.textContent ?? "",
        state: panel.getAttribute("data-state"),
        points: Number(panel.getAttribute("data-points")),
        says: state && state.getClientRects().length > 0 ? (state.textContent ?? "") : "",
        hasBody: (panel.querySelector(".body")?.getClientRects().length ?? 0) > 0,
      };
    }),
  );

export const textOf = async (page: Page, selector: string): Promise<string> => (await page.textContent(selector)) ?? "";

/** What axe-core finds wrong with the page as it is now, by its rules of WCAG A and AA and of good practice. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const { violations: found } = await page.evaluate(() => window.axe.run());
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
}
