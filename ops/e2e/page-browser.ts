import { chromium } from "playwright-core";

const executablePath = Bun.which("chromium");

/** Why the page cannot be tested here, or null. */
export const missingBrowser = executablePath ? null : "there is no chromium: apt-get install chromium";

/** Debian's Chromium, without a window. */
export const launchBrowser = () =>
  chromium.launch({ ...(executablePath && { executablePath }), args: ["--no-sandbox", "--disable-gpu"] });
