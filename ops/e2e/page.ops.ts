import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { exampleCustomer } from "../../src/customer.ts";
import {
  type Folder,
  type RunningService,
  startProcess,
  temporaryFolder,
  trainSmallModel,
} from "../../src/testing/service-process.ts";
import { launchBrowser, missingBrowser } from "./page-browser.ts";
import { takePictures, themes, widths } from "./page-pictures.ts";
import { until } from "./processes.ts";

setDefaultTimeout(240_000);
const axe = readFileSync(Bun.resolveSync("axe-core/axe.min.js", import.meta.dir), "utf8");
const isCi = process.env.CI === "true";

describe.skipIf(missingBrowser !== null && !isCi)("the operator's page in a browser", () => {
  let folder: Folder;
  let service: RunningService;
  let browser: Browser;
  let page: Page;
  let environment: Record<string, string>;
  const complaints: string[] = [];
  const strangers: string[] = [];

  async function open(colorScheme: (typeof themes)[number] = "light"): Promise<Page> {
    const opened = await browser.newPage({ viewport: { width: 1280, height: 900 }, colorScheme });
    opened.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
    });
    opened.on("pageerror", (error) => complaints.push(String(error)));
    opened.on("request", (request) => {
      const { origin, protocol } = new URL(request.url());
      if (protocol !== "data:" && origin !== service.url) strangers.push(request.url());
    });
    return opened;
  }
  async function violations(of: Page): Promise<string[]> {
    await of.evaluate(axe);
    const { violations: found } = await of.evaluate(() =>
      (
        globalThis as unknown as {
          axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
        }
      ).axe.run(),
    );
    return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  }
  const ask = async (path: string, body: unknown) =>
    (
      await fetch(`${service.url}${path}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      })
    ).json();

  beforeAll(async () => {
    folder = temporaryFolder();
    await trainSmallModel(folder.path, 40_000);
    environment = {
      DATA_DIR: folder.path,
      REPLAY_RATE: "200",
      FEEDBACK_DELAY: "2",
      MONITOR_EVERY: "1",
      MONITOR_WINDOW: "2000",
    };
    service = await startProcess(environment);
    environment.PORT = new URL(service.url).port;
    browser = await launchBrowser();
    page = await open();
  });
  afterAll(async () => {
    await browser?.close();
    await service?.end("SIGTERM");
    folder?.remove();
  });

  test("it is painted within 300 ms (the median of five visits), and is smaller than 150 kB in all", async () => {
    const paints: number[] = [];
    let size = 0;
    for (let round = 0; round < 5; round++) {
      await page.goto(service.url);
      const paint = await until("the first paint", () =>
        page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime),
      );
      paints.push(paint);
    }
    for (const path of ["/", "/page/app.js"]) {
      const headers = { "accept-encoding": "gzip" };
      size += (await (await fetch(service.url + path, { headers, decompress: false })).arrayBuffer()).byteLength;
    }
    const figures = `first paints ${paints.map(Math.round).join(", ")} ms; ${size} bytes of page and script`;
    expect(paints.sort((a, b) => a - b)[2], figures).toBeLessThan(300);
    expect(size, figures).toBeGreaterThan(10_000);
    expect(size).toBeLessThan(150_000);
  });

  test("every panel has data within 60 s; what was refused appears by its reason", async () => {
    await ask("/predict", { user_id: "someone", regularity: -1 });
    await until(
      "data in every panel",
      async () => {
        const points = await page.$$eval("[data-panel]", (panels) =>
          panels.map((panel) => [panel.getAttribute("data-panel"), Number(panel.getAttribute("data-points"))] as const),
        );
        const without = points.filter(([, count]) => !(count > 0)).map(([name]) => name);
        if (without.length > 0) throw new Error(`no data in ${without}`);
        return points;
      },
      60,
    );
    await until("the verdict", async () =>
      (await page.textContent("#headline"))?.includes("can be believed") ? true : null,
    );
  });

  test("the form's answer is that of POST /predict", async () => {
    const answer = (await ask("/predict", exampleCustomer)) as { probability: number };
    await page.fill('[name="user_id"]', exampleCustomer.user_id);
    await page.click('button:text-is("Predict")');
    await page.waitForSelector(".probability");
    expect(Number(await page.getAttribute(".probability", "data-probability"))).toBe(answer.probability);
    await page.click('button:text-is("Pick a replayed customer")');
    await page.waitForFunction(
      (id) => (document.querySelector('[name="user_id"]') as HTMLInputElement).value !== id,
      exampleCustomer.user_id,
    );
    await page.waitForFunction(() => /did (leave|stay)/.test(document.querySelector("#answer")?.textContent ?? ""));
  });

  test("a lost connection is told, and taken up again", async () => {
    expect(await page.getAttribute("#connection", "data-state")).toBe("live");
    const before = complaints.length;
    await service.end("SIGTERM");
    await page.waitForSelector('#connection[data-state="lost"]');
    service = await startProcess(environment);
    await page.waitForSelector('#connection[data-state="live"]');
    // The browser itself complains of the requests that nobody answered.
    const own = complaints.splice(before).filter((text) => !/ERR_(CONNECTION|INCOMPLETE|EMPTY)/.test(text));
    expect(own).toEqual([]);
  });

  test("the scenario price-rise turns the verdict and names an amount first", async () => {
    await page.selectOption("#scenario-name", "price-rise");
    await page.click("#scenario-start");
    await page.waitForFunction(
      () =>
        document.querySelector("#verdict")?.getAttribute("data-severity") !== "ok" &&
        document.querySelector("#alarms li"),
      undefined,
      { timeout: 60_000 },
    );
    const first = await until("an alarm that names an input", async () => {
      const names = await page.$$eval("#alarms strong", (found) => found.map(({ textContent }) => textContent));
      return names.find((name) => /^[a-z_0-9]+$/.test(name ?? "") && name !== "multivariate") ?? null;
    });
    expect(["montant", "revenue", "arpu_segment"]).toContain(first as string);
  });

  for (const theme of themes) {
    test(`axe finds no violation in the ${theme} theme`, async () => {
      const themed = await open(theme);
      await themed.goto(service.url);
      await themed.waitForSelector("body[data-ready]");
      expect(await violations(themed)).toEqual([]);
      await themed.close();
    });
  }

  test("pictures are made at three widths in both themes, and nothing is wider than the window", async () => {
    const pictures = await takePictures(
      browser,
      service.url,
      process.env.PICTURES ?? join(folder.path, "pictures"),
      "page",
    );
    expect(pictures).toHaveLength(widths.length * themes.length);
    for (const width of widths) {
      await page.setViewportSize({ width, height: 900 });
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    }
  });

  test("nothing was asked of another origin, and the browser had nothing to complain of", () => {
    expect(strangers).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test("where keys are needed, the page asks for one and keeps it for the tab", async () => {
    await service.end("SIGTERM");
    service = await startProcess({ ...environment, API_KEYS: "page-key-1:read+predict" });
    const guarded = await browser.newPage();
    await guarded.goto(service.url);
    await guarded.waitForSelector("dialog[open]");
    await guarded.fill("#key-value", "page-key-1");
    await guarded.click('button:text-is("Go on")');
    await guarded.waitForSelector("body[data-ready]");
    await guarded.waitForSelector('#connection[data-state="live"]');
    expect(await guarded.evaluate(() => Object.values(sessionStorage))).toEqual(["page-key-1"]);
    await guarded.close();
  });
});
