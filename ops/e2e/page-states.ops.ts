import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Route } from "playwright-core";
import { themes } from "./page-pictures.ts";
import { busy, openPageScene, type PageScene, ready, skipsBrowser } from "./page-scene.ts";
import { panelsOf, violations } from "./page-visitor.ts";
import { until } from "./processes.ts";

setDefaultTimeout(90_000);
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

describe.skipIf(skipsBrowser)("the states of the operator's page", () => {
  let scene: PageScene;

  beforeAll(async () => {
    scene = await openPageScene(8000, { REPLAY_RATE: "0" });
  });
  afterAll(() => scene?.close());

  test("before the service answers, every panel says its name and that it is loading", async () => {
    const page = await scene.visitor.open();
    const gate = Promise.withResolvers<void>();
    let held = 0;
    await page.route(data, async (route) => {
      held += 1;
      await gate.promise;
      await route.continue();
    });
    await page.goto(scene.service.url);
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
    const page = await scene.visitor.open();
    await page.goto(scene.service.url);
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
    const page = await scene.visitor.open();
    await page.route(data, refuse);
    await page.goto(scene.service.url);
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

  test("while the first predictions come, it says how long the labels will take", async () => {
    await scene.restart({ REPLAY_RATE: "5", FEEDBACK_DELAY: "30" });
    const page = await scene.visitor.open();
    await page.goto(scene.service.url);
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

  test("what cannot be read is told in the panels that need it, and read again", async () => {
    await scene.restart(busy);
    const page = await scene.visitor.open();
    await page.goto(scene.service.url);
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

  test("a question that is never answered is given up, told, and asked again", async () => {
    const page = await scene.visitor.open();
    const matches = (url: URL) => url.pathname === "/monitoring/distributions";
    await page.route(matches, () => undefined);
    await page.goto(scene.service.url);
    await page.waitForSelector('[data-panel="scoreDistribution"][data-state="error"]');
    expect((await panelsOf(page)).find(({ name }) => name === "scoreDistribution")?.says).toBe(
      "It could not be read: the service does not answer. Trying again.",
    );
    await page.unroute(matches);
    await page.waitForSelector('[data-panel="scoreDistribution"][data-state="ready"]');
    await page.close();
  });

  test("a model that explains nothing predicts all the same", async () => {
    const page = await scene.visitor.open();
    await page.route(
      (url) => url.search === "?explain=true",
      (route) => route.fulfill({ status: 503, body: JSON.stringify({ detail: "this model has no trees" }) }),
    );
    await page.goto(scene.service.url);
    await ready(page);
    await page.click('button:text-is("Predict")');
    await page.waitForSelector(".probability");
    expect(await page.textContent('[data-panel="answer"]')).toContain("Reasons are not available");
    await page.close();
  });
});
