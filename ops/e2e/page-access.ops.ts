import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { takePictures, themes, widths } from "./page-pictures.ts";
import { busy, openPageScene, type PageScene, ready, skipsBrowser } from "./page-scene.ts";
import { violations } from "./page-visitor.ts";
import { until } from "./processes.ts";

setDefaultTimeout(90_000);

describe.skipIf(skipsBrowser)("the operator's page, for everybody", () => {
  let scene: PageScene;

  beforeAll(async () => {
    scene = await openPageScene(8000, busy);
  });
  afterAll(() => scene?.close());

  test("everything can be done by keyboard alone", async () => {
    const page = await scene.visitor.open();
    await page.goto(scene.service.url);
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

  test("axe finds no violation at three widths in both themes, with every explanation open and an answer", async () => {
    for (const colorScheme of themes) {
      const themed = await scene.visitor.open({ colorScheme });
      await themed.goto(scene.service.url);
      await themed.waitForSelector("body[data-ready]");
      expect(await violations(themed)).toEqual([]);
      await themed.click('button:text-is("Pick a replayed customer")');
      await themed.waitForSelector(".probability");
      await themed.$$eval("details", (all) => {
        for (const details of all) details.open = true;
      });
      for (const width of widths) {
        await themed.setViewportSize({ width, height: 900 });
        expect([colorScheme, width, ...(await violations(themed))]).toEqual([colorScheme, width]);
      }
      await themed.close();
    }
  });

  test("pictures are made at three widths in both themes, and nothing is wider than the window", async () => {
    const page = await scene.visitor.open();
    await page.goto(scene.service.url);
    await ready(page);
    const pictures = await takePictures(
      scene.browser,
      scene.service.url,
      process.env.PICTURES ?? join(scene.folder.path, "pictures"),
      "page",
    );
    expect(pictures).toHaveLength(widths.length * themes.length);
    for (const width of widths) {
      await page.setViewportSize({ width, height: 900 });
      // Charts follow the window with the next frame.
      await until(`a page of ${width} pixels`, async () => {
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
        return true;
      });
    }
  });
});
