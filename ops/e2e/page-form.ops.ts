import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Page } from "playwright-core";
import { exampleCustomer } from "../../src/customer.ts";
import { ask, openPageScene, type PageScene, ready, skipsBrowser } from "./page-scene.ts";
import { textOf } from "./page-visitor.ts";

setDefaultTimeout(120_000);

interface Explained {
  probability: number;
  explanation: { base: number; raw_score: number; contributions: Record<string, number> };
}

describe.skipIf(skipsBrowser)("the form of the operator's page", () => {
  let scene: PageScene;
  let page: Page;

  beforeAll(async () => {
    scene = await openPageScene(8000, { REPLAY_RATE: "50", FEEDBACK_DELAY: "2" });
    page = await scene.visitor.open({ permissions: ["clipboard-read", "clipboard-write"] });
    await page.goto(scene.service.url);
    await ready(page);
  });
  afterAll(() => scene?.close());

  test("the form's answer is that of POST /predict, and the waterfall adds up to it", async () => {
    const { probability, explanation } = await ask<Explained>(scene.service, "/predict?explain=true", exampleCustomer);
    for (const [name, value] of Object.entries(exampleCustomer)) {
      const field = page.locator(`#customer [name="${name}"]`);
      if ((await field.count()) > 0) await field.fill(String(value ?? ""));
    }
    await page.click('button:text-is("Predict")');
    await page.waitForSelector(".probability");
    expect(await textOf(page, "#answer-status")).toMatch(/^[\d.]+ %: (not )?called a churner$/);
    expect(Number(await page.getAttribute(".probability", "data-probability"))).toBe(probability);
    const steps = await page.$$eval(".waterfall li", (items) =>
      items.map((item) => ({
        name: item.firstElementChild?.textContent ?? "",
        value: Number(item.getAttribute("data-contribution")),
        width: item.querySelector(".step i")?.getBoundingClientRect().width ?? 0,
      })),
    );
    expect(steps.length).toBeGreaterThan(5);
    const named = steps.slice(0, -1);
    for (const { name, value } of named)
      expect([name, value]).toEqual([name, explanation.contributions[name] as number]);
    expect(explanation.base + steps.reduce((sum, { value }) => sum + value, 0)).toBeCloseTo(explanation.raw_score, 9);
    expect(1 / (1 + Math.exp(-explanation.raw_score))).toBeCloseTo(probability, 5);
    const [first, second] = steps as [(typeof steps)[0], (typeof steps)[0]];
    expect(first.width / second.width).toBeCloseTo(Math.abs(first.value / second.value), 0);
  });

  test("the copied curl, when it is run, gives the same answer", async () => {
    await page.click('button:text-is("Copy as curl")');
    await page.waitForSelector('button:text-is("Copied")');
    const command = await page.evaluate(() => navigator.clipboard.readText());
    expect(command).toStartWith(`curl -X POST ${scene.service.url}/predict`);
    const child = Bun.spawn(["sh", "-c", `${command} --silent --fail`], { stdout: "pipe", stderr: "inherit" });
    const answer = (await new Response(child.stdout).json()) as { probability: number };
    expect(answer.probability).toBe(Number(await page.getAttribute(".probability", "data-probability")));
  });

  test("a replayed customer can be picked, with what really happened; what is wrong with an edited one is said", async () => {
    await page.click('button:text-is("Pick a replayed customer")');
    await page.waitForFunction(
      (id) => (document.querySelector('[name="user_id"]') as HTMLInputElement).value !== id,
      exampleCustomer.user_id,
    );
    await page.waitForFunction(() =>
      /did (leave|stay)/.test(document.querySelector('[data-panel="answer"]')?.textContent ?? ""),
    );
    const before = scene.visitor.complaints.length;
    await page.fill('[name="user_id"]', "x".repeat(5000));
    await page.click('button:text-is("Predict")');
    await page.waitForSelector('[data-panel="answer"][data-state="error"]');
    expect(await textOf(page, '[data-panel="answer"] .state')).toContain("user_id");
    expect(await textOf(page, "#answer-status")).toContain("user_id");
    // The browser itself notes that the answer was 422.
    expect(scene.visitor.complaints.splice(before).filter((text) => !text.includes("422"))).toEqual([]);
  });

  test("nothing was asked of another origin, and the browser had nothing to complain of", () => {
    expect(scene.visitor.strangers).toEqual([]);
    expect(scene.visitor.complaints).toEqual([]);
  });
});
