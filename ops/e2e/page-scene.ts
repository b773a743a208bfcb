import type { Browser, Page } from "playwright-core";
import {
  type Folder,
  type RunningService,
  startProcess,
  temporaryFolder,
  trainSmallModel,
} from "../../src/testing/service-process.ts";
import { launchBrowser, missingBrowser } from "./page-browser.ts";
import { createVisitor } from "./page-visitor.ts";

/** A missing browser is an error in CI, where it would hide that nothing is tested. */
export const skipsBrowser = missingBrowser !== null && process.env.CI !== "true";
if (skipsBrowser) process.stderr.write(`skipped: tests of the page in a browser, since ${missingBrowser}\n`);

export interface PageScene {
  folder: Folder;
  browser: Browser;
  service: RunningService;
  visitor: ReturnType<typeof createVisitor>;
  /** Ends the service and starts it with other settings; for a new visitor, unless it is at the same port. */
  restart(environment: Record<string, string>): Promise<void>;
  close(): Promise<void>;
}

/** A service with a small model, whose monitors look every second, and somebody who visits its page in a browser. */
export async function openPageScene(rows: number, environment: Record<string, string>): Promise<PageScene> {
  const folder = temporaryFolder();
  await trainSmallModel(folder.path, rows);
  const browser = await launchBrowser();
  const start = async (given: Record<string, string>) => {
    const service = await startProcess({ DATA_DIR: folder.path, MONITOR_EVERY: "1", ...given });
    return { service, visitor: createVisitor(browser, service.url) };
  };
  const started = await start(environment).catch(async (error: unknown) => {
    await browser.close();
    folder.remove();
    throw error;
  });
  const scene: PageScene = {
    folder,
    browser,
    ...started,
    async restart(given) {
      await scene.service.end("SIGTERM");
      const { url } = scene.service;
      const { service, visitor } = await start(given);
      scene.service = service;
      if (service.url !== url) scene.visitor = visitor;
    },
    async close() {
      await browser.close();
      await scene.service.end("SIGTERM");
      folder.remove();
    },
  };
  return scene;
}

/** Settings of a replay that fills a window of the monitors within seconds. */
export const busy = { REPLAY_RATE: "200", FEEDBACK_DELAY: "1", MONITOR_WINDOW: "500" };

/** What the service answers to a GET, or to a POST of a body. */
export const ask = async <T>({ url }: RunningService, path: string, body?: unknown): Promise<T> =>
  (
    await fetch(`${url}${path}`, {
      ...(body !== undefined && {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      }),
    })
  ).json() as Promise<T>;

/** Waits until the page has drawn what it read. */
export const ready = (page: Page) => page.waitForSelector("body[data-ready]");
