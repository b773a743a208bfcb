import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { busy, openPageScene, type PageScene, ready, skipsBrowser } from "./page-scene.ts";
import { until } from "./processes.ts";

setDefaultTimeout(90_000);

describe.skipIf(skipsBrowser)("times on the operator's page", () => {
  let scene: PageScene;

  beforeAll(async () => {
    scene = await openPageScene(8000, busy);
  });
  afterAll(() => scene?.close());

  test("times are those of whoever looks", async () => {
    const timeZone = "Asia/Tokyo";
    const page = await scene.visitor.open({ timezoneId: timeZone });
    await page.goto(scene.service.url);
    const since = async () => {
      const { verdict } = (await (await fetch(`${scene.service.url}/monitoring`)).json()) as {
        verdict: { since: string };
      };
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
    const page = await scene.visitor.open();
    await page.clock.setSystemTime(Date.now() + 40 * 86_400_000);
    await page.goto(scene.service.url);
    await ready(page);
    expect(await page.textContent("#facts")).toMatch(/Age\d+ (s|min)since training/);
    expect(await page.textContent("#sure")).toMatch(/^Since \w+ \d+, 20\d\d, \d\d:\d\d\. How sure/);
    await page.waitForSelector('#connection[data-state="live"]');
    await page.close();
  });
});
