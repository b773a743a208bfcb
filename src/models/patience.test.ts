import { expect, test } from "bun:test";
import { join } from "node:path";
import { startPatience } from "./patience.ts";

test("patience ends after its time, once", async () => {
  const began = performance.now();
  let ends = 0;
  await new Promise<void>((resolve) => {
    startPatience(200, () => {
      ends++;
      resolve();
    });
  });
  expect(performance.now() - began).toBeGreaterThanOrEqual(180);
  await Bun.sleep(100);
  expect(ends).toBe(1);
});

test("patience that is stopped never ends", async () => {
  let ends = 0;
  startPatience(50, () => ends++).stop();
  await Bun.sleep(150);
  expect(ends).toBe(0);
});

test("a process that was stopped for longer goes on waiting", async () => {
  const program = `
    import { startPatience } from ${JSON.stringify(join(import.meta.dir, "patience.ts"))};
    startPatience(1000, () => { console.log("lost"); process.exit(); });
    process.stdin.once("data", () => setTimeout(() => { console.log("kept"); process.exit(); }, 300));
    console.log("waits");
  `;
  const child = Bun.spawn([process.execPath, "-e", program], { stdin: "pipe", stdout: "pipe" });
  const output = child.stdout.getReader();
  const next = async () => new TextDecoder().decode((await output.read()).value);
  expect(await next()).toBe("waits\n");
  child.kill("SIGSTOP");
  await Bun.sleep(1500);
  child.stdin.write("go on\n");
  child.stdin.flush();
  child.kill("SIGCONT");
  expect(await next()).toBe("kept\n");
  await child.exited;
}, 10_000);
