import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { busy, openPageScene, type PageScene, ready, skipsBrowser } from "./page-scene.ts";

setDefaultTimeout(90_000);

describe.skipIf(skipsBrowser)("the operator's page, whatever it is told", () => {
  let scene: PageScene;

  beforeAll(async () => {
    scene = await openPageScene(8000, busy);
  });
  afterAll(() => scene?.close());

  test("its policy lets nothing run or load but its own files", async () => {
    const { headers } = await fetch(scene.service.url);
    const policy = headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|\*/);
    const page = await scene.visitor.open();
    await page.goto(scene.service.url);
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
    expect(scene.visitor.complaints.filter((text) => text.includes("Content Security Policy")).length).toBeGreaterThan(
      1,
    );
    await page.close();
  });

  test("text that looks like markup is shown as text, in the answer, in what is copied, and in another tab", async () => {
    const markup = `"><img src=x onerror="window.injected=true"><script>window.injected=true</script>' #`;
    const [page, other] = [
      await scene.visitor.open({ viewport: { width: 390, height: 844 } }),
      await scene.visitor.open(),
    ];
    for (const tab of [page, other]) {
      await tab.goto(scene.service.url);
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
});
