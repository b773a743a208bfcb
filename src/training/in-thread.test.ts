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

test("a thread answers a question", async () => {
  const adding = worker("adding", "self.postMessage({ by: 'a thread', sum: data.reduce((a, b) => a + b, 0) })");
  expect(await inThread(adding, [1, 2, 3], here)).toEqual({ by: "a thread", sum: 6 });
});

test.each([
  ["fails", "throw new Error('no')"],
  ["ends", "process.exit(0)"],
])("what a thread that %s was asked is answered here", async (what, body) => {
  expect(await inThread(worker(what, body), [1, 2], here)).toEqual({ by: "this thread", sum: 2 });
});
