import { afterAll, expect, test } from "bun:test";
import { statSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../testing/service-process.ts";
import { createCheckpointer } from "./checkpoint.ts";
import { openDatabase } from "./database.ts";

const folder = temporaryFolder();
const own = globalThis.Worker;
afterAll(() => {
  globalThis.Worker = own;
  folder.remove();
});

test("a checkpoint whose thread dies fails, and the next one has a new thread and empties the log", async () => {
  const started: Worker[] = [];
  globalThis.Worker = class extends own {
    constructor(...parameters: ConstructorParameters<typeof own>) {
      super(...parameters);
      started.push(this);
    }
  };
  const path = join(folder.path, "service.db");
  const database = openDatabase(path);
  const checkpointer = createCheckpointer(database, path, () => 0);
  const logSize = () => statSync(`${path}-wal`).size;
  expect(logSize()).toBeGreaterThan(0);
  const failing = checkpointer.run().catch((error: Error) => error.message);
  started[0]?.terminate();
  expect(await failing).toBe("the checkpoint failed: its thread ended");
  expect(logSize()).toBeGreaterThan(0);
  await checkpointer.run();
  expect([started.length, logSize()]).toEqual([2, 0]);

  database.exec("INSERT INTO state VALUES ('a', 'b')");
  checkpointer.emptyLog();
  const stopped = checkpointer.run().catch((error: Error) => error.message);
  checkpointer.close();
  expect(await stopped).toBe("the checkpoint failed: the service stops");
  database.close();
});
