import { expect, test } from "bun:test";
import { createMetrics } from "./metrics.ts";

test("scrapes that come together are written once for each format, and tell all that was before each of them", async () => {
  const { instruments, beforeScrape, expose } = createMetrics();
  let written = 0;
  beforeScrape(() => void written++);
  const accepted = [null, "application/openmetrics-text"];
  const scrape = (accept: string | null) => {
    instruments.storageAvailable.inc();
    return expose(accept);
  };
  const together = await Promise.all(Array.from({ length: 100 }, (_, i) => scrape(accepted[i % 2] as string | null)));
  expect(written).toBe(2);
  for (const [i, { contentType, body }] of together.entries()) {
    expect(contentType).toStartWith(i % 2 === 0 ? "text/plain" : "application/openmetrics-text");
    expect(body.includes("# EOF")).toBe(i % 2 === 1);
    expect(body).toMatch(/^churn_storage_available 100$/m);
  }
  expect((await scrape(null)).body).toMatch(/^churn_storage_available 101$/m);
  expect(written).toBe(3);
});

test("a scrape that fails does not fail the next", async () => {
  const { beforeScrape, expose } = createMetrics();
  let isBroken = true;
  beforeScrape(() => {
    if (isBroken) throw new Error("broken");
  });
  const [first, second] = await Promise.allSettled([expose(null), expose(null)]);
  expect([first.status, second.status]).toEqual(["rejected", "rejected"]);
  isBroken = false;
  expect((await expose(null)).body).toContain("churn_storage_available");
});
