import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { themes, widths } from "./page-pictures.ts";
import { openPageScene, type PageScene, ready, skipsBrowser } from "./page-scene.ts";
import { panelsOf, violations } from "./page-visitor.ts";

setDefaultTimeout(90_000);
const key = "page-key-of-a-test";

describe.skipIf(skipsBrowser)("the operator's page with API keys", () => {
  let scene: PageScene;

  beforeAll(async () => {
    scene = await openPageScene(8000, { REPLAY_RATE: "0", API_KEYS: `${key}:read+predict` });
  });
  afterAll(() => scene?.close());

  test("where keys are needed, the page asks for one and keeps it for the tab; what the key may not do is disabled", async () => {
    const guarded = await scene.visitor.open();
    await guarded.goto(scene.service.url);
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
    await scene.restart({ REPLAY_RATE: "0", API_KEYS: `${key}:read` });
    const reader = await scene.visitor.open();
    await reader.goto(scene.service.url);
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
