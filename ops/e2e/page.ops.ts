import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { exampleCustomer, fieldNames } from "../../src/customer.ts";
import {
  type Folder,
  type RunningService,
  runCommandFile,
  startProcess,
  temporaryFolder,
  trainSmallModel,
} from "../../src/testing/service-process.ts";
import { launchBrowser, missingBrowser } from "./page-browser.ts";
import { takePictures, themes, widths } from "./page-pictures.ts";
import { createVisitor, panelsOf, violations } from "./page-visitor.ts";
import { until } from "./processes.ts";

setDefaultTimeout(120_000);
const isCi = process.env.CI === "true";
const replayRate = 200;

interface Explained {
  probability: number;
  explanation: { base: number; raw_score: number; contributions: Record<string, number> };
}

describe.skipIf(missingBrowser !== null && !isCi)("the operator's page in a browser", () => {
  let folder: Folder;
  let service: RunningService;
  let browser: Browser;
  let visitor: ReturnType<typeof createVisitor>;
  let page: Page;
  let environment: Record<string, string>;

  const ask = async <T>(path: string, body?: unknown): Promise<T> =>
    (
      await fetch(`${service.url}${path}`, {
        ...(body !== undefined && {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(body),
        }),
      })
    ).json() as Promise<T>;
  const textOf = async (selector: string): Promise<string> => (await page.textContent(selector)) ?? "";
  /** What each chart says of itself, with the moments that it marks. */
  const chartsOf = (seen = page) =>
    seen.$$eval(".chart", (charts) => charts.map((chart) => chart.getAttribute("aria-label") ?? ""));

  beforeAll(async () => {
    folder = temporaryFolder();
    await trainSmallModel(folder.path, 40_000);
    environment = {
      DATA_DIR: folder.path,
      REPLAY_RATE: String(replayRate),
      FEEDBACK_DELAY: "2",
      MONITOR_EVERY: "1",
      MONITOR_WINDOW: "2000",
    };
    service = await startProcess(environment);
    environment.PORT = new URL(service.url).port;
    browser = await launchBrowser();
    visitor = createVisitor(browser, service.url);
    page = await visitor.open({ permissions: ["clipboard-read", "clipboard-write"] });
  });
  afterAll(async () => {
    await browser?.close();
    await service?.end("SIGTERM");
    folder?.remove();
  });

  test("every panel has data within 60 s; what was refused appears by its reason", async () => {
    await page.goto(service.url);
    await ask("/predict", { user_id: "someone", regularity: -1 });
    await until(
      "data in every panel",
      async () => {
        const without = (await panelsOf(page)).filter(({ name, points }) => name !== "answer" && !(points > 0));
        if (without.length > 0) throw new Error(`no data in ${without.map(({ name }) => name)}`);
        return true;
      },
      60,
    );
    expect(await textOf('[data-panel="rejections"] tbody')).toContain("1");
  });

  test("the verdict says in words whether to believe the model, since when, how sure, and what to do", async () => {
    await until("the verdict", async () => ((await textOf("#headline")) === "The model can be believed" ? true : null));
    expect(await textOf("#because")).toMatch(
      /^Over the last [\d,]+ predictions nothing moved by more than chance, and labels/,
    );
    expect(await textOf("#sure")).toMatch(/^Since \d\d:\d\d:\d\d\. How sure: .+ once in [\d,]+\.$/);
    expect(await textOf("#advice")).toBe("Nothing to do.");
    const { models } = await ask<{ models: { version: string; serving: boolean }[] }>("/models");
    const rate = await until("the rate", async () => /([\d.]+) \/s/.exec(await textOf("#facts"))?.[1] ?? null);
    expect(Number(rate)).toBeGreaterThan(0.6 * replayRate);
    expect(Number(rate)).toBeLessThan(1.4 * replayRate);
    const facts = await textOf("#facts");
    expect(facts).toContain(models.find(({ serving }) => serving)?.version as string);
    expect(facts).toMatch(/Age\d+ (s|min)/);
    expect(facts).toMatch(/Labels known\d+ %of [\d,]+ predictions/);
  });

  test("it is painted within 300 ms (in the best of five visits: other programs only delay it), and all of it is smaller than 150 kB", async () => {
    const paints: number[] = [];
    const sizes: number[] = [];
    for (let round = 0; round < 5; round++) {
      const visit = await visitor.open();
      const session = await visit.context().newCDPSession(visit);
      let transferred = 0;
      const files = new Set<string>();
      session.on("Network.responseReceived", ({ requestId, response }) => {
        if (/\/$|\.js$/.test(response.url)) files.add(requestId);
      });
      session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
        if (files.has(requestId)) transferred += encodedDataLength;
      });
      await session.send("Network.enable");
      await visit.goto(service.url);
      await visit.waitForSelector("body[data-ready]");
      const paint = await visit.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime);
      paints.push(paint as number);
      sizes.push(transferred);
      await visit.close();
    }
    const figures = `first paints ${paints.map(Math.round).join(", ")} ms; ${sizes[0]} bytes of page and script`;
    process.stderr.write(`${figures}\n`);
    expect(Math.min(...paints), figures).toBeLessThan(300);
    expect(Math.min(...sizes), figures).toBeGreaterThan(10_000);
    expect(Math.max(...sizes), figures).toBeLessThan(150_000);
  });

  test("the form's answer is that of POST /predict, and the waterfall adds up to it", async () => {
    const { probability, explanation } = await ask<Explained>("/predict?explain=true", exampleCustomer);
    for (const [name, value] of Object.entries(exampleCustomer)) {
      const field = page.locator(`#customer [name="${name}"]`);
      if ((await field.count()) > 0) await field.fill(String(value ?? ""));
    }
    await page.click('button:text-is("Predict")');
    await page.waitForSelector(".probability");
    expect(await textOf("#answer-status")).toMatch(/^[\d.]+ %: (not )?called a churner$/);
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
    expect(command).toStartWith(`curl -X POST ${service.url}/predict`);
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
    const before = visitor.complaints.length;
    await page.fill('[name="user_id"]', "x".repeat(5000));
    await page.click('button:text-is("Predict")');
    await page.waitForSelector('[data-panel="answer"][data-state="error"]');
    expect(await textOf('[data-panel="answer"] .state')).toContain("user_id");
    expect(await textOf("#answer-status")).toContain("user_id");
    // The browser itself notes that the answer was 422.
    expect(visitor.complaints.splice(before).filter((text) => !text.includes("422"))).toEqual([]);
  });

  test("a lost connection is told, and taken up again", async () => {
    expect(await page.getAttribute("#connection", "data-state")).toBe("live");
    const before = visitor.complaints.length;
    await service.end("SIGTERM");
    await page.waitForSelector('#connection[data-state="lost"]');
    expect(await textOf("#connection")).toMatch(/Connection lost: what is shown is old\. .*last seen \d\d:\d\d:\d\d/);
    // Wherever one has scrolled to, and what is old has no colour: neither green nor red is believed any more.
    await page.evaluate(() => document.querySelector("#models")?.scrollIntoView());
    const place = await page.locator("#connection").boundingBox();
    expect(place?.y).toBeGreaterThanOrEqual(0);
    expect(place?.y).toBeLessThan(100);
    expect(await page.$eval("main", (main) => getComputedStyle(main).filter)).toBe("grayscale(1)");
    expect(await violations(page)).toEqual([]);
    service = await startProcess(environment);
    await page.waitForSelector('#connection[data-state="live"]');
    expect(await page.$eval("main", (main) => getComputedStyle(main).filter)).toBe("none");
    const asked = Date.now();
    await until("panels that are new", async () => {
      const states = (await panelsOf(page)).filter(({ name }) => name !== "answer" && name !== "rejections");
      return states.every(({ state }) => state === "ready") && Date.now() > asked ? true : null;
    });
    // The browser itself complains of the requests that nobody answered.
    const own = visitor.complaints.splice(before).filter((text) => !/ERR_(CONNECTION|INCOMPLETE|EMPTY)/.test(text));
    expect(own).toEqual([]);
  });

  test("a model that takes over is marked in the charts, and the versions say when each served", async () => {
    const sample = join(folder.path, "raw", "sample.csv");
    const options = ["--data", sample, "--rounds", "30", "--seed", "2"];
    const { code, stderr } = await runCommandFile("training/train.ts", options, { DATA_DIR: folder.path });
    expect(code, stderr).toBe(0);
    const { models } = await ask<{ models: { version: string; serving: boolean }[] }>("/models");
    const newest = models[0] as { version: string };
    await until("the new version to serve on the page", async () =>
      (await textOf("#facts")).includes(newest.version) ? true : null,
    );
    const rows = await page.$$eval('[data-panel="versions"] tbody tr', (found) =>
      found.map((row) => [...row.children].map((cell) => cell.textContent ?? "")),
    );
    expect(rows).toHaveLength(2);
    expect(rows[0]?.[0]).toBe(`${newest.version} serves`);
    expect(rows[0]?.at(-1)).toMatch(/^since /);
    expect(rows[1]?.at(-1)).toMatch(/, for \d+ (s|min)$/);
    await until("the mark in every chart", async () => {
      const without = (await chartsOf()).filter((label) => !label.includes(`model ${newest.version} from`));
      if (without.length > 0) throw new Error(`no mark in: ${without.join(" | ")}`);
      return true;
    });
  });

  test("the scenario price-rise turns the verdict, names MONTANT or REVENUE first, and is marked once in every chart", async () => {
    await until("the verdict on the new model", async () =>
      (await page.getAttribute("#verdict", "data-severity")) === "ok" ? true : null,
    );
    await page.selectOption("#scenario-name", "price-rise");
    await page.click("#scenario-start");
    const turned = await until("an alarm that names an input", async () => {
      const found = await page.evaluate(() => ({
        severity: document.querySelector("#verdict")?.getAttribute("data-severity"),
        headline: document.querySelector("#headline")?.textContent ?? "",
        because: document.querySelector("#because")?.textContent ?? "",
        sure: document.querySelector("#sure")?.textContent ?? "",
        advice: document.querySelector("#advice")?.textContent ?? "",
        alarms: [...document.querySelectorAll("#alarms li[data-severity]")].map((alarm) =>
          [...alarm.children].map((part) => part.textContent ?? ""),
        ),
      }));
      // On a busy machine the stream itself may have stopped for a moment.
      const sentences = [found.because, ...found.alarms.map(([, , sentence = ""]) => sentence)];
      const first = sentences.find((sentence) => fieldNames.some((field) => sentence.startsWith(`${field} `)));
      return first ? { ...found, first } : null;
    });
    const { first } = turned;
    const name = first.split(" ", 1)[0] as string;
    expect(["montant", "revenue"]).toContain(name);
    expect(first).toStartWith(`${name} is not distributed as it was: `);
    expect(["info", "warning", "critical"]).toContain(turned.severity ?? "");
    expect(turned.headline).not.toBe("The model can be believed");
    if (first === turned.because) expect(turned.advice).toContain(name);
    // What the verdict says is not said again among the other alarms.
    const others = turned.alarms.map(([, , sentence = ""]) => sentence.replace(/ since [^.]*$/, ""));
    expect(others.filter((sentence) => turned.because.startsWith(sentence))).toEqual([]);
    expect(turned.sure).toMatch(/^Since \d\d:\d\d:\d\d\. How sure: an undisturbed window .+ once in [\d,]+\.$/);
    const pressed = '.drift[aria-pressed="true"]';
    expect(await textOf(pressed)).toStartWith(name);
    await page.click("#drift-revenue");
    await page.waitForFunction(() => document.querySelector("#feature h3")?.textContent === "revenue");
    await until("the mark in every chart", async () => {
      const counts = (await chartsOf()).map((label) => label.split("price-rise from").length - 1);
      if (counts.some((count) => count !== 1)) throw new Error(`marks in the charts: ${counts}`);
      return true;
    });
    const newcomer = await visitor.open();
    await newcomer.goto(service.url);
    await newcomer.waitForSelector("body[data-ready]");
    for (const label of await chartsOf(newcomer)) expect(label).toContain("price-rise from");
    await newcomer.close();
  });

  test("where somebody points, a chart says what its lines are", async () => {
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.hover('[data-panel="roc_auc"] .u-over');
    await until("the figures under the pointer", async () =>
      /^\d\d:\d\d:\d\d( · (estimated|realized|threshold) 0\.\d{3}){2,3}$/.test(
        await textOf('[data-panel="roc_auc"] .readout'),
      )
        ? true
        : null,
    );
  });

  test("axe finds no violation at three widths in both themes, with every explanation open and an answer", async () => {
    for (const colorScheme of themes) {
      const themed = await visitor.open({ colorScheme });
      await themed.goto(service.url);
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
    const pictures = await takePictures(
      browser,
      service.url,
      process.env.PICTURES ?? join(folder.path, "pictures"),
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

  test("nothing was asked of another origin, and the browser had nothing to complain of", () => {
    expect(visitor.strangers).toEqual([]);
    expect(visitor.complaints).toEqual([]);
  });

  test("where keys are needed, the page asks for one and keeps it for the tab", async () => {
    await service.end("SIGTERM");
    service = await startProcess({ ...environment, API_KEYS: "page-key-of-a-test:read+predict" });
    const guarded = await browser.newPage();
    await guarded.goto(service.url);
    await guarded.waitForSelector("dialog[open]");
    await guarded.fill("#key-value", "page-key-of-a-test");
    await guarded.click('button:text-is("Go on")');
    await guarded.waitForSelector("body[data-ready]");
    await guarded.waitForSelector('#connection[data-state="live"]');
    expect(await guarded.evaluate(() => Object.values(sessionStorage))).toEqual(["page-key-of-a-test"]);
    await guarded.close();
  });
});
