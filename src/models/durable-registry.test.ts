import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { openStores } from "../storage/stores.ts";
import { mountFailingDisk } from "../testing/failing-disk.ts";
import { temporaryFolder } from "../testing/service-process.ts";
import { createRegistry } from "./registry.ts";

const folder = temporaryFolder();
const path = join(folder.path, "disk");
const disk = mountFailingDisk(path, 64 * 2 ** 20);
if (typeof disk === "string") process.stderr.write(`skipped: the test of a power cut, since ${disk}\n`);

test.skipIf(typeof disk === "string")("a version that was added is there after the power was cut", () => {
  if (typeof disk === "string") throw new Error(disk);
  const after = join(folder.path, "after");
  // Nothing else may make the disk write: the record of the versions is not on it.
  const { models, close } = openStores(":memory:");
  try {
    const registry = createRegistry({ directory: join(path, "models"), store: models, now: () => 0 });
    registry.add({ version: "20260101T000000", trainedAt: 0 } as never, { "model.onnx": "a model" });
    // What the disk holds at this moment, and the memory of the machine does not add to.
    copyFileSync(`${path}.image`, `${after}.image`);
    mkdirSync(after);
    const mounted = spawnSync("mount", ["-o", "loop", `${after}.image`, after], { encoding: "utf8" });
    expect(mounted.status, mounted.stderr).toBe(0);
    for (const name of ["model.onnx", "manifest.json"])
      expect(existsSync(join(after, "models", "20260101T000000", name)), name).toBe(true);
  } finally {
    spawnSync("umount", [after]);
    close();
    disk.remove();
    folder.remove();
  }
});
