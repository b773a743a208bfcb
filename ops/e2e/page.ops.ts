import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import axe from "axe-core";
import { type Browser, chromium, type Page } from "playwright-core";
import { runCommandFile, startProcess, temporaryFolder } from "../../src/testing/service-process.ts";
import { freePort, until } from "./processes.ts";

const executablePath = Bun.which("chromium");
const pictures = process.env.PICTURES;
const bands = ["Performance", "Predictions", "Model inputs", "Source data", "Replay and models", "Try it"];

if (!executablePath) test.skip("Chromium is not here: apt-get install chromium", () => {});
else {
  describe("the operator's page", () => {
    const folder = temporaryFolder();
    const settings = {
      DATA_DIR: join(folder.path, "data"),
      PORT: String(freePort()),
      REPLAY_RATE: "300",
      FEEDBACK_DELAY: "2",
      MONITOR_EVERY: "1",
    };
    let service: Awaited<ReturnType<typeof startProcess>>;
    let browser: Browser;
    let page: Page;
    const complaints: string[] = [];
    const strangers: string[] = [];

    beforeAll(async () => {
      const sample = join(folder.path, "sample.csv");
      for (const [file, options] of [
        ["data/sample.ts", ["--rows", "40000", "--out", sample]],
        ["training/train.ts", ["--data", sample, "--rounds", "100"]],
      ] as const)
        expect(await runCommandFile(file, [...options], settings)).toMatchObject({ code: 0 });
      service = await startProcess(settings);
      browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
      page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
      page.on("console", (message) => {
        if (message.type() === "error") complaints.push(message.text());
      });
      page.on("pageerror", (error) => void complaints.push(String(error)));
      page.on("request", (request) => {
        if (!request.url().startsWith(service.url) && !request.url().startsWith("data:")) strangers.push(request.url());
      });
      await page.goto(service.url);
    }, 120_000);
    afterAll(async () => {
      await browser?.close();
      await service?.end("SIGTERM");
      folder.remove();
    });

    const textOf = async (selector: string) => (await page.locator(selector).first().textContent()) ?? "";
    const verdict = () => textOf(".verdict");

    test("fills every band within a minute", async () => {
      await until(
        "every band to have figures",
        async () => {
          const isFull = await page.evaluate(() => {
            const charts = [...document.querySelectorAll(".chart canvas")];
            const isDrawn = (chart: Element) => (chart as HTMLCanvasElement).width > 100;
            const figures = [
              ...document.querySelectorAll(".chips b, .facts dd, .tiles dd, .inputs .figure, .confusion td.right"),
            ];
            const filled = figures.filter(({ textContent }) => /\d/.test(textContent ?? ""));
            const bars = [...document.querySelectorAll(".pairs .bar-now")];
            return (
              charts.length >= 3 &&
              charts.every(isDrawn) &&
              figures.length > 40 &&
              filled.length === figures.length &&
              bars.length > 10 &&
              document.querySelectorAll(".square .curve").length === 2
            );
          });
          return isFull || null;
        },
        60,
      );
      for (const band of bands) expect(await page.getByRole("region", { name: band, exact: true }).count()).toBe(1);
      expect(await verdict()).toContain("The model can be believed");
    }, 70_000);

    test("answers the form as POST /predict does, with its reasons", async () => {
      await page.getByRole("button", { name: "Will this customer churn?" }).click();
      await page.waitForSelector("[data-probability]");
      const shown = Number(await page.locator("[data-probability]").getAttribute("data-probability"));
      const customer = await page.evaluate(() =>
        Object.fromEntries(
          [...document.querySelectorAll<HTMLInputElement>(".fields input")].flatMap(({ name, value, type }) =>
            value === "" ? [] : [[name, type === "number" ? Number(value) : value]],
          ),
        ),
      );
      const answer = await fetch(`${service.url}/predict`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ user_id: "test", ...customer }),
      });
      expect(((await answer.json()) as { probability: number }).probability).toBe(shown);
      expect(await page.locator(".waterfall .pair").count()).toBeGreaterThan(5);
    }, 20_000);

    test("has no fault that axe finds, light or dark", async () => {
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        await page.evaluate(axe.source);
        const violations = await page.evaluate(async () => {
          const found = await (globalThis as unknown as { axe: typeof axe }).axe.run();
          return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
        });
        expect([colorScheme, violations]).toEqual([colorScheme, []]);
      }
      await page.emulateMedia({ colorScheme: "light" });
    }, 30_000);

    test("is readable without scrolling sideways at 390, 1280 and 1920 pixels", async () => {
      if (pictures) mkdirSync(pictures, { recursive: true });
      for (const width of [390, 1280, 1920]) {
        await page.setViewportSize({ width, height: 900 });
        const overflow = await page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        );
        expect([width, overflow]).toEqual([width, 0]);
        for (const colorScheme of ["light", "dark"] as const) {
          if (!pictures) continue;
          await page.emulateMedia({ colorScheme });
          await page.waitForTimeout(1500);
          await page.screenshot({ path: join(pictures, `page-${width}-${colorScheme}.png`), fullPage: true });
        }
      }
      await page.emulateMedia({ colorScheme: "light" });
      await page.setViewportSize({ width: 1280, height: 900 });
    }, 60_000);

    test("notices price-rise when it is played, and names an amount first", async () => {
      await page.getByLabel("Scenario").selectOption("price-rise");
      await page.getByRole("button", { name: "Play" }).click();
      await until("the verdict to turn", async () => /^(info|warning|critical)/.test(await verdict()) || null, 60);
      const first = await until(
        "an alarm about a field",
        async () => {
          const { alarms } = (await (await fetch(`${service.url}/monitoring`)).json()) as {
            alarms: { feature: string }[];
          };
          return alarms.find(({ feature }) => feature)?.feature ?? null;
        },
        30,
      );
      expect(["montant", "revenue", "arpu_segment"]).toContain(first);
      await until("the page to say so", async () => /not distributed as it was/.test(await verdict()) || null, 20);
      expect(await verdict()).toMatch(/(montant|revenue|arpu_segment) is not distributed/i);
      expect(await textOf(".inputs tbody tr")).toMatch(/montant|revenue|arpu_segment/);
      expect(await textOf(".key.mark")).toContain("price-rise");
    }, 120_000);

    test("loads nothing from elsewhere, little from here, and complains of nothing", async () => {
      const sizes = await Promise.all(
        ["/", "/page/app.js", "/page/app.css"].map(async (path) => {
          const response = await fetch(`${service.url}${path}`, { decompress: false } as RequestInit);
          return (await response.arrayBuffer()).byteLength;
        }),
      );
      expect(sizes.reduce((sum, size) => sum + size)).toBeLessThan(150_000);
      expect(strangers).toEqual([]);
      expect(complaints).toEqual([]);
    });

    test("says that the connection is lost, and goes on when it is back", async () => {
      await service.end("SIGTERM");
      await until("the loss to be seen", async () => (await page.locator(".live.lost").count()) || null, 30);
      expect(await textOf(".live")).toContain("connection lost");
      service = await startProcess(settings);
      await until(
        "the return to be seen",
        async () => ((await page.locator(".live.lost").count()) === 0 ? true : null),
        30,
      );
      const at = await textOf(".live");
      await until("a new look", async () => ((await textOf(".live")) === at ? null : true), 30);
    }, 100_000);
  });
}
