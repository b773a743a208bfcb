import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { exampleCustomer } from "../customer.ts";
import { openStores } from "../storage/stores.ts";
import { runCommandFile, startProcess, temporaryFolder, trainSmallModel } from "../testing/service-process.ts";

const folder = temporaryFolder();
const DATA_DIR = join(folder.path, "data");
const models = join(DATA_DIR, "models");
const sample = join(DATA_DIR, "raw/sample.csv");
const command = (...options: string[]) => runCommandFile("models/command.ts", options, { DATA_DIR });

beforeAll(async () => {
  await trainSmallModel(DATA_DIR);
  const trained = await runCommandFile("training/train.ts", ["--data", sample, "--rounds", "5"], { DATA_DIR });
  expect(trained.code).toBe(0);
}, 60_000);
afterAll(() => folder.remove());

const clients = 16;
const swaps = 40;

describe("a change of the model under load", () => {
  test("drops no request, and every answer and record is of the version that it names", async () => {
    const [first, second] = readdirSync(models).sort() as [string, string];
    const service = await startProcess({ DATA_DIR, REPLAY_RATE: "0" });
    const post = (path: string, body?: unknown) =>
      fetch(`${service.url}${path}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
    interface Answer {
      prediction_id: string;
      probability: number;
      model_version: string;
    }
    const answers: Answer[] = [];
    try {
      let isDone = false;
      const load = Promise.all(
        Array.from({ length: clients }, async () => {
          while (!isDone) {
            const response = await post("/predict", exampleCustomer);
            expect(response.status).toBe(200);
            answers.push((await response.json()) as Answer);
          }
        }),
      );
      // A client that fails ends the swaps, too.
      await Promise.race([load, swapToAndFro()]).finally(() => {
        isDone = true;
      });
      await load;
      async function swapToAndFro(): Promise<void> {
        for (let swap = 0; swap < swaps; swap++) {
          const [next, path] = swap % 2 === 0 ? [first, `/models/${first}/use`] : [second, "/models/rollback"];
          const before = answers.length;
          const changed = await post(path);
          expect([changed.status, ((await changed.json()) as { serving: string }).serving]).toEqual([200, next]);
          // Requests that come after the change is answered are for the next version, and some do before the next change.
          const asked = (await (await post("/predict", exampleCustomer)).json()) as Answer;
          expect(asked.model_version).toBe(next);
          answers.push(asked);
          while (answers.length < before + clients) await Bun.sleep(1);
        }
      }
    } finally {
      await service.end("SIGTERM");
    }
    const probabilities = Map.groupBy(answers, ({ model_version }) => model_version);
    expect([...probabilities.keys()].sort()).toEqual([first, second]);
    const served = [...probabilities.values()].map((of) => new Set(of.map(({ probability }) => probability)));
    expect(served.map(({ size }) => size)).toEqual([1, 1]);
    expect([...(served[0] as Set<number>)]).not.toEqual([...(served[1] as Set<number>)]);
    const stores = openStores(join(DATA_DIR, "service.db"));
    try {
      for (const { prediction_id, model_version } of answers)
        expect(stores.predictions.byId(prediction_id)?.modelVersion).toBe(model_version);
    } finally {
      stores.close();
    }
  }, 60_000);
});

describe("bun run model:list", () => {
  test("goes on past a version that is damaged, and says of it why it cannot serve", async () => {
    const [first, second] = readdirSync(models).sort() as [string, string];
    writeFileSync(join(models, first, "manifest.json"), "{");
    const { code, stdout } = await command("list");
    expect(code).toBe(0);
    expect(stdout).toMatch(
      new RegExp(`${second}  trained \\S+  4000 rows[\\s\\S]*${first}  trained \\S+  cannot serve:`),
    );
  });
});
