import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { launchBrowser, missingBrowser } from "./page-browser.ts";

export const widths = [390, 1280, 1920] as const;
export const themes = ["light", "dark"] as const;

/** Pictures of the page at every width in both themes. @returns their files. */
export async function takePictures(browser: Browser, url: string, folder: string, name: string): Promise<string[]> {
  mkdirSync(folder, { recursive: true });
  const files: string[] = [];
  for (const width of widths) {
    for (const colorScheme of themes) {
      const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
      await page.goto(url);
      await page.waitForSelector("body[data-ready]");
      const file = join(folder, `${name}-${width}-${colorScheme}.png`);
      await page.screenshot({ path: file, fullPage: true });
      files.push(file);
      await page.close();
    }
  }
  return files;
}

if (import.meta.main) {
  const [url, folder] = process.argv.slice(2);
  if (!url || !folder || missingBrowser) {
    process.stderr.write(`${missingBrowser ?? "say which service and which folder: page-pictures.ts URL FOLDER"}\n`);
    process.exit(2);
  }
  const browser = await launchBrowser();
  for (const file of await takePictures(browser, url, folder, "page")) process.stdout.write(`${file}\n`);
  await browser.close();
}
