import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";
import { openDatabase } from "../storage/database.ts";
import { temporaryFolder } from "../testing/service-process.ts";
import { createMonitoringThread } from "./thread.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());

test("a monitors' thread that dies fails what it was asked, and the next question gets another one", async () => {
  const databaseFile = join(folder.path, "service.db");
  openDatabase(databaseFile).close();
  const started: Worker[] = [];
  const own = globalThis.Worker;
  globalThis.Worker = class extends own {
    constructor(...parameters: ConstructorParameters<typeof own>) {
      super(...parameters);
      started.push(this);
    }
  };
  const failures: string[] = [];
  const thread = createMonitoringThread(
    {
      databaseFile,
      modelsFolder: join(folder.path, "models"),
      windowSize: 100,
      seed: 1,
    },
    (reason) => void failures.push(reason),
  );
  const ask = () =>
    thread.history("no-model", { monitor: "drift", metric: "psi", feature: null, from: 0, to: 1 } as never);
  try {
    const first = ask().catch((error: Error) => error.message);
    started[0]?.terminate();
    expect(await first).toBe("the monitors' thread failed: it ended");
    // That there is no such model is what a living thread answers.
    const second = await ask().catch((error: Error) => error.message);
    expect(second).toMatch(/^the monitors' thread failed: (?!it ended)/);
    expect(started).toHaveLength(2);
    expect(failures).toEqual(["it ended"]);
  } finally {
    globalThis.Worker = own;
    thread.close();
    expect(failures).toHaveLength(1);
  }
});
