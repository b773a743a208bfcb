import { expect, setDefaultTimeout, test } from "bun:test";
import { startProcess, temporaryFolder, trainSmallModel } from "../../src/testing/service-process.ts";
import { launchBrowser, missingBrowser } from "./page-browser.ts";

setDefaultTimeout(120_000);

test.skipIf(missingBrowser !== null && process.env.CI !== "true")(
  "the documentation is drawn under a policy that allows nothing inline, and its example can be tried",
  async () => {
    const folder = temporaryFolder();
    await trainSmallModel(folder.path);
    const service = await startProcess({ DATA_DIR: folder.path, REPLAY_RATE: "0" });
    const browser = await launchBrowser();
    try {
      const page = await browser.newPage();
      const refused: string[] = [];
      page.on("console", (message) => {
        if (/Content Security Policy/i.test(message.text())) refused.push(message.text());
      });
      await page.goto(`${service.url}/docs`);
      const operation = page.locator("#operations-predictions-postPredict");
      await operation.waitFor();
      await operation.locator(".opblock-summary-control").click();
      await operation.getByRole("button", { name: "Try it out" }).click();
      await operation.getByRole("button", { name: "Execute" }).click();
      await operation.locator(".live-responses-table .response-col_status").filter({ hasText: "200" }).waitFor();
      expect(refused).toEqual([]);
    } finally {
      await browser.close();
      await service.end("SIGTERM");
      folder.remove();
    }
  },
);
