import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { inThread } from "./in-thread.ts";

const folder = mkdtempSync(join(tmpdir(), "churnwatch-in-thread-"));
afterAll(() => rmSync(folder, { recursive: true }));
function worker(name: string, body: string): URL {
  const file = join(folder, `${name}.ts`);
  writeFileSync(file, `self.onmessage = ({ data }) => { ${body} };`);
  return pathToFileURL(file);
}
const here = (values: number[]) => ({ by: "this thread", sum: values.length });
const quiet = { otherwise: here, onWarning: () => {} };

test("a thread answers a question", async () => {
  const adding = worker("adding", "self.postMessage({ by: 'a thread', sum: data.reduce((a, b) => a + b, 0) })");
  expect(await inThread(adding, [1, 2, 3], quiet)).toEqual({ by: "a thread", sum: 6 });
});

test.each([
  ["fails", "throw new Error('no')", "failed (error: no)"],
  ["ends", "process.exit(0)", "ended"],
  ["stays silent", "", "has not answered for 0.2 s"],
  ["comes to no end", "for (;;);", "has not answered for 0.2 s"],
])("what a thread that %s was asked is answered here, with a warning", async (what, body, told) => {
  const warnings: string[] = [];
  const options = { otherwise: here, onWarning: (text: string) => void warnings.push(text), patience: 200 };
  const name = what.replaceAll(" ", "-");
  expect(await inThread(worker(name, body), [1, 2], options)).toEqual({ by: "this thread", sum: 2 });
  expect(warnings).toEqual([`the thread of ${name}.ts ${told}: its work is done on the main thread`]);
});
