import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Browser, Page, Route } from "playwright-core";
import {
  type Folder,
  type RunningService,
  startProcess,
  temporaryFolder,
  trainSmallModel,
} from "../../src/testing/service-process.ts";
import { launchBrowser, missingBrowser } from "./page-browser.ts";
import { themes, widths } from "./page-pictures.ts";
import { createVisitor, panelsOf, violations } from "./page-visitor.ts";
import { until } from "./processes.ts";

setDefaultTimeout(90_000);
const isCi = process.env.CI === "true";
const reason = "the disk is full";
const data = /\/(page\/(setup|window|models)|monitoring.*)$/;

/** What the panels need: all else goes on when one of these cannot be read. */
const needs: Record<string, string[]> = {
  "/monitoring": ["driftNow", "feature", "together", "quality"],
  "/monitoring/distributions": ["scoreDistribution", "feature", "quality"],
  "/monitoring/history": ["roc_auc", "scoreDrift", "feature", "together"],
  "/page/window": ["roc_auc", "confusion", "calibration", "roc", "balance", "scoreOverTime", "feature", "rejections"],
  "/page/models": ["versions"],
};

const refuse = (route: Route) =>
  route.fulfill({ status: 500, contentType: "application/problem+json", body: JSON.stringify({ detail: reason }) });

describe.skipIf(missingBrowser !== null && !isCi)("the states of the operator's page", () => {
  let folder: Folder;
  let service: RunningService;
  let browser: Browser;
  let visitor: ReturnType<typeof createVisitor>;

  const start = async (environment: Record<string, string>) => {
    service = await startProcess({ DATA_DIR: folder.path, MONITOR_EVERY: "1", ...environment });
    visitor = createVisitor(browser, service.url);
  };
  const ready = (page: Page) => page.waitForSelector("body[data-ready]");

  beforeAll(async () => {
    folder = temporaryFolder();
    await trainSmallModel(folder.path, 8000);
    browser = await launchBrowser();
    await start({ REPLAY_RATE: "0" });
  });
  afterAll(async () => {
    await browser?.close();
    await service?.end("SIGTERM");
    folder?.remove();
  });

  test("before the service answers, every panel says its name and that it is loading", async () => {
    const page = await visitor.open();
    const gate = Promise.withResolvers<void>();
    let held = 0;
    await page.route(data, async (route) => {
      held += 1;
      await gate.promise;
      await route.continue();
    });
    await page.goto(service.url);
    await until("the first question", async () => held || null);
    const panels = await panelsOf(page);
    expect(panels.length).toBeGreaterThan(15);
    for (const { name, title, state, says } of panels) {
      expect([name, state, says]).toEqual([name, "loading", "Loading …"]);
      expect(title).not.toBe("");
    }
    expect(await violations(page)).toEqual([]);
    gate.resolve();
    await ready(page);
    expect((await panelsOf(page)).filter(({ state }) => state === "loading")).toEqual([]);
    await page.close();
  });

  test("while there are no predictions, every panel says what it waits for", async () => {
    const page = await visitor.open();
    await page.goto(service.url);
    await ready(page);
    const panels = await panelsOf(page);
    const withData = panels.filter(({ state }) => state === "ready").map(({ name }) => name);
    expect(withData.sort()).toEqual(["customer", "versions"]);
    for (const { name, state, says } of panels.filter((panel) => !withData.includes(panel.name))) {
      expect([name, state]).toEqual([name, "empty"]);
      expect(says).toMatch(/^(Waiting for \d+ (labels|predictions)|Nothing was rejected|Pick a customer)/);
    }
    expect(await page.textContent("#headline")).toBe("It is too early to say");
    await page.close();
  });

  test("when nothing can be read, every panel says so, accessibly, and the page recovers by itself", async () => {
    const page = await visitor.open();
    await page.route(data, refuse);
    await page.goto(service.url);
    await until("the errors", async () => {
      for (const { name, state, says } of await panelsOf(page))
        expect([name, state, says]).toEqual([name, "error", `It could not be read: ${reason}. Trying again.`]);
      return true;
    });
    expect(await page.textContent("#headline")).toBe("The monitors do not answer");
    for (const colorScheme of themes) {
      await page.emulateMedia({ colorScheme });
      expect(await violations(page)).toEqual([]);
    }
    await page.unroute(data);
    await ready(page);
    expect((await panelsOf(page)).filter(({ state }) => state === "error")).toEqual([]);
    await page.close();
  });

  test("its policy lets nothing run or load but its own files", async () => {
    const { headers } = await fetch(service.url);
    const policy = headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|\*/);
    const page = await visitor.open();
    await page.goto(service.url);
    await ready(page);
    const found = await page.evaluate(async () => {
      const script = document.createElement("script");
      script.textContent = "window.injected = true";
      document.body.append(script);
      document.body.insertAdjacentHTML("beforeend", '<img src="x:" onerror="window.injected = true">');
      const asked = await fetch("http://localhost:9/").then(
        () => "answered",
        () => "refused",
      );
      return { injected: "injected" in window, asked };
    });
    expect(found).toEqual({ injected: false, asked: "refused" });
    expect(visitor.complaints.filter((text) => text.includes("Content Security Policy")).length).toBeGreaterThan(1);
    await page.close();
  });

  test("while the first predictions come, it says how long the labels will take", async () => {
    await service.end("SIGTERM");
    await start({ REPLAY_RATE: "5", FEEDBACK_DELAY: "30" });
    const page = await visitor.open();
    await page.goto(service.url);
    // 30 s to the first label and 200 labels at 5 a second; 300 predictions at 5 a second. The rate is known better with each.
    await until("how long it takes", async () => {
      const panels = await panelsOf(page);
      const [labels, rows] = ["roc_auc", "driftNow"].map(
        (name) => panels.find((panel) => panel.name === name)?.says ?? "",
      ) as [string, string];
      const [, forLabels] = /^Waiting for 200 labels, about (\d+) s: none is known$/.exec(labels) ?? [];
      const [, forRows] = /^Waiting for 300 predictions, about (\d+) s: .+ there$/.exec(rows) ?? [];
      expect(Number(forLabels), labels).toBeGreaterThan(50);
      expect(Number(forLabels), labels).toBeLessThan(100);
      expect(Number(forRows), rows).toBeGreaterThan(30);
      expect(Number(forRows), rows).toBeLessThan(80);
      return true;
    });
    await page.close();
  });

  test("everything can be done by keyboard alone", async () => {
    await service.end("SIGTERM");
    await start({ REPLAY_RATE: "200", FEEDBACK_DELAY: "1", MONITOR_WINDOW: "500" });
    const page = await visitor.open();
    await page.goto(service.url);
    await page.waitForSelector("#drift-zone1");
    const tabTo = async (selector: string) => {
      for (let presses = 0; presses < 120; presses++) {
        await page.keyboard.press("Tab");
        if (await page.evaluate((wanted) => document.activeElement?.matches(wanted), selector)) return;
      }
      throw new Error(`the tab key does not lead to ${selector}`);
    };
    await tabTo(".skip");
    expect(await page.isVisible(".skip")).toBe(true);
    await page.keyboard.press("Enter");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("main");
    await tabTo("#scenario-name");
    await page.keyboard.type("seasonal");
    await tabTo("#scenario-start");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.querySelector("#scenario-state")?.textContent?.startsWith("seasonal"));
    await tabTo('[data-panel="roc_auc"] select');
    await page.keyboard.type("Brier");
    await page.waitForFunction(() =>
      document.querySelector('[data-panel="roc_auc"] header .quiet')?.textContent?.includes("without a model 0.1"),
    );
    await tabTo('[data-panel="roc_auc"] summary');
    await page.keyboard.press("Enter");
    expect(await page.getAttribute('[data-panel="roc_auc"] details', "open")).toBe("");
    await tabTo("#drift-zone1");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.querySelector("#feature h3")?.textContent === "zone1");
    // The list is drawn anew at every look of the monitors, and keeps what is focused.
    await page.waitForTimeout(2500);
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("drift-zone1");
    await tabTo('[data-panel="customer"] button:not([type="submit"])');
    await page.keyboard.press("Space");
    await page.waitForSelector(".probability");
    await tabTo('[data-panel="answer"] button');
    await page.close();
  });

  test("what cannot be read is told in the panels that need it, and read again", async () => {
    const page = await visitor.open();
    await page.goto(service.url);
    await page.waitForSelector("#drift-zone1");
    for (const [path, expected] of Object.entries(needs)) {
      const matches = (url: URL) => url.pathname === path;
      await page.route(matches, refuse);
      await page.reload();
      await ready(page);
      await until(`the error of ${path}`, async () => {
        const failed = (await panelsOf(page)).filter(({ state }) => state === "error");
        for (const { says } of failed) expect(says).toBe(`It could not be read: ${reason}. Trying again.`);
        expect(failed.map(({ name }) => name).sort()).toEqual(expected.toSorted());
        return true;
      });
      if (path === "/monitoring") {
        expect(await page.textContent("#headline")).toBe("The monitors do not answer");
        expect(await page.textContent("#because")).toContain(reason);
      }
      await page.unroute(matches);
      await until(`the recovery from the error of ${path}`, async () =>
        (await panelsOf(page)).some(({ state }) => state === "error") ? null : true,
      );
    }
    await page.close();
  });

  test("text that looks like markup is shown as text, in the answer, in what is copied, and in another tab", async () => {
    const markup = `"><img src=x onerror="window.injected=true"><script>window.injected=true</script>' #`;
    const [page, other] = [await visitor.open({ viewport: { width: 390, height: 844 } }), await visitor.open()];
    for (const tab of [page, other]) {
      await tab.goto(service.url);
      await ready(tab);
    }
    await page.fill('[name="user_id"]', markup);
    await page.fill('[name="top_pack"]', markup);
    await page.click('button:text-is("Predict")');
    await page.waitForSelector(".probability");
    const command = (await page.textContent('[data-panel="answer"] pre')) ?? "";
    const child = Bun.spawn(["sh", "-c", `${command} --silent --fail`], { stdout: "pipe" });
    expect(await new Response(child.stdout).json()).toMatchObject({ user_id: markup });
    for (const input of await page.locator('#customer input:not([name="user_id"])').all()) await input.fill("");
    await page.fill('[name="user_id"]', "u".repeat(64));
    await page.click('button:text-is("Predict")');
    await page.waitForFunction(() => document.querySelector("pre")?.textContent?.includes("uuuu"));
    expect(await page.textContent(".reasons")).toContain("is not known");
    for (const tab of [page, other]) {
      expect(await tab.evaluate(() => "injected" in window)).toBe(false);
      const scrollWidth = await tab.evaluate(() => document.documentElement.scrollWidth);
      expect(scrollWidth).toBeLessThanOrEqual(tab.viewportSize()?.width ?? 0);
    }
    await page.selectOption("#scenario-name", "new-packs");
    await page.click("#scenario-start");
    await other.waitForFunction(() => document.querySelector("#scenario-state")?.textContent?.startsWith("new-packs"));
    expect(await other.inputValue("#scenario-name")).toBe("new-packs");
    await page.close();
    await other.close();
  });

  test("a model that explains nothing predicts all the same", async () => {
    const page = await visitor.open();
    await page.route(
      (url) => url.search === "?explain=true",
      (route) => route.fulfill({ status: 503, body: JSON.stringify({ detail: "this model has no trees" }) }),
    );
    await page.goto(service.url);
    await ready(page);
    await page.click('button:text-is("Predict")');
    await page.waitForSelector(".probability");
    expect(await page.textContent('[data-panel="answer"]')).toContain("Reasons are not available");
    await page.close();
  });

  test("a question that is never answered is given up, told, and asked again", async () => {
    const page = await visitor.open();
    const matches = (url: URL) => url.pathname === "/monitoring/distributions";
    await page.route(matches, () => undefined);
    await page.goto(service.url);
    await page.waitForSelector('[data-panel="scoreDistribution"][data-state="error"]');
    expect((await panelsOf(page)).find(({ name }) => name === "scoreDistribution")?.says).toBe(
      "It could not be read: the service does not answer. Trying again.",
    );
    await page.unroute(matches);
    await page.waitForSelector('[data-panel="scoreDistribution"][data-state="ready"]');
    await page.close();
  });

  test("times are those of whoever looks", async () => {
    const timeZone = "Asia/Tokyo";
    const page = await visitor.open({ timezoneId: timeZone });
    await page.goto(service.url);
    const since = async () => {
      const { verdict } = (await (await fetch(`${service.url}/monitoring`)).json()) as { verdict: { since: string } };
      return `Since ${new Date(verdict.since).toLocaleTimeString("en-GB", { timeZone, hour12: false })}.`;
    };
    // The verdict may change between the two questions.
    await until("the verdict's time in Tokyo", async () => {
      expect(await page.textContent("#sure")).toContain(await since());
      return true;
    });
    expect(await page.textContent("#zone")).toContain(timeZone);
    await page.close();
  });

  test("a viewer's clock that is wrong changes no figure: times get their day, and that is all", async () => {
    const page = await visitor.open();
    await page.clock.setSystemTime(Date.now() + 40 * 86_400_000);
    await page.goto(service.url);
    await ready(page);
    expect(await page.textContent("#facts")).toMatch(/Age\d+ (s|min)since training/);
    expect(await page.textContent("#sure")).toMatch(/^Since \w+ \d+, 20\d\d, \d\d:\d\d\. How sure/);
    await page.waitForSelector('#connection[data-state="live"]');
    await page.close();
  });

  test("where keys are needed, the page asks for one and keeps it for the tab; what the key may not do is disabled", async () => {
    const key = "page-key-of-a-test";
    await service.end("SIGTERM");
    await start({ REPLAY_RATE: "0", API_KEYS: `${key}:read+predict` });
    const guarded = await visitor.open();
    await guarded.goto(service.url);
    await guarded.waitForSelector("dialog[open]");
    for (const colorScheme of themes) {
      await guarded.emulateMedia({ colorScheme });
      for (const width of widths) {
        await guarded.setViewportSize({ width, height: 900 });
        expect([colorScheme, width, ...(await violations(guarded))]).toEqual([colorScheme, width]);
      }
    }
    expect(await guarded.isVisible("#key-refused")).toBe(false);
    await guarded.fill("#key-value", "another");
    await guarded.keyboard.press("Enter");
    await guarded.waitForSelector("#key-refused", { state: "visible" });
    expect(await violations(guarded)).toEqual([]);
    await guarded.fill("#key-value", key);
    await guarded.keyboard.press("Enter");
    await ready(guarded);
    await guarded.waitForSelector('#connection[data-state="live"]');
    expect(await guarded.evaluate(() => Object.values(sessionStorage))).toEqual([key]);
    expect(await guarded.isDisabled("#scenario-start")).toBe(true);
    expect(await guarded.textContent("#scenario-state")).toContain("needs a key with the role admin");
    expect(await guarded.isDisabled('button:text-is("Pick a replayed customer")')).toBe(true);
    await guarded.click('button:text-is("Predict")');
    await guarded.waitForSelector(".probability");
    const command = (await guarded.textContent('[data-panel="answer"] pre')) ?? "";
    expect(command).not.toContain(key);
    const child = Bun.spawn(["sh", "-c", `${command} --silent --fail`], {
      stdout: "pipe",
      env: { ...process.env, API_KEY: key },
    });
    expect(await new Response(child.stdout).json()).toMatchObject({ user_id: "someone" });
    expect(await guarded.textContent("#customer .actions")).toContain("needs a key with the role admin");
    expect(await violations(guarded)).toEqual([]);
    await guarded.close();
  });

  test("with a key that may only read, all can be seen and nothing is offered that would be refused", async () => {
    const key = "reading-key-of-a-test";
    await service.end("SIGTERM");
    await start({ REPLAY_RATE: "0", API_KEYS: `${key}:read` });
    const reader = await visitor.open();
    await reader.goto(service.url);
    await reader.waitForSelector("dialog[open]");
    await reader.fill("#key-value", key);
    await reader.keyboard.press("Enter");
    await ready(reader);
    expect((await panelsOf(reader)).filter(({ state }) => state === "error" || state === "loading")).toEqual([]);
    for (const name of ["Play", "Pick a replayed customer", "Predict"])
      expect([name, await reader.isDisabled(`button:text-is("${name}")`)]).toEqual([name, true]);
    await reader.close();
  });
});
