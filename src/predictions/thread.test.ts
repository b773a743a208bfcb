import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { readFileSync, renameSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Customer, exampleCustomer } from "../customer.ts";
import { createRegistry, type LoadedModel } from "../models/registry.ts";
import { createRandom } from "../statistics/random.ts";
import { openStores } from "../storage/stores.ts";
import { poll, temporaryFolder } from "../testing/service-process.ts";
import { loadSmallModel } from "../testing/small-model.ts";
import { createPredictionThread } from "./thread.ts";

const folder = temporaryFolder();
const modelsFolder = join(folder.path, "models");
const databaseFile = join(folder.path, "service.db");
const customers: Customer[] = Array.from({ length: 40 }, (_, i) => ({
  ...exampleCustomer,
  user_id: `user-${i}\n"\u{1F4F1}`,
  regularity: i,
  ...(i % 3 === 0 && { region: null }),
}));
const lines = customers.map((customer) => JSON.stringify(customer)).join("\n");
let model: LoadedModel;
let version: string;
let expected: Float32Array;
let stores: ReturnType<typeof openStores>;

beforeAll(async () => {
  model = await loadSmallModel(folder.path);
  ({ version } = model.manifest);
  const width = model.manifest.features.length;
  const features = new Float32Array(customers.length * width);
  for (const [i, customer] of customers.entries()) model.encode(customer, features, i * width);
  expected = await model.session.score(features, customers.length);
  stores = openStores(databaseFile);
}, 60_000);
afterAll(async () => {
  stores.close();
  await model.session.release();
  folder.remove();
});

const own = globalThis.Worker;
let started: Worker[] = [];
beforeEach(() => {
  started = [];
  globalThis.Worker = class extends own {
    constructor(...parameters: ConstructorParameters<typeof own>) {
      super(...parameters);
      started.push(this);
    }
  };
});
afterEach(() => {
  globalThis.Worker = own;
});

async function openThread(timeout?: number) {
  const failures: string[] = [];
  const thread = createPredictionThread({
    databaseFile,
    modelsFolder,
    random: createRandom(1),
    onFailure: (reason) => void failures.push(reason),
    ...(timeout && { timeout }),
  });
  await thread.load(version);
  const predict = (replayed: { row: number; label?: { churned: boolean; dueAt: number } }[] = []) =>
    thread.predict({ version, time: 1_700_000_000_000, customers: lines, replayed });
  return { thread, failures, predict };
}
/** Not `rejects`, which does not let a thread's message arrive. */
const messageOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "nothing was thrown",
    (error: Error) => error.message,
  );
const count = (): number =>
  (stores.database.query("SELECT count(*) AS count FROM predictions").get() as { count: number }).count;

describe("the thread that predicts", () => {
  test("scores as the model does, and has stored what it answers: cells, labels to come, labels that waited", async () => {
    stores.labels.putPending(customers[2]?.user_id ?? "", { churned: true, observedAt: 5, receivedAt: 6 });
    const { thread, failures, predict } = await openThread();
    const { ids, probabilities, cells } = await predict([{ row: 0 }, { row: 1, label: { churned: true, dueAt: 9 } }]);
    await thread.close();
    expect(probabilities).toEqual(expected);
    const stored = ids.split("\n").map((id) => stores.predictions.byId(id));
    expect(stored.map((record) => record && JSON.parse(record.customer))).toEqual(customers);
    expect(stored.map((record) => record?.userId)).toEqual(customers.map((customer) => customer.user_id));
    expect(stored.map((record) => record?.probability)).toEqual([...expected]);
    expect(stored.map((record) => record?.source)).toEqual(customers.map((_, i) => (i < 2 ? "replay" : "request")));
    const rows = stores.database.query("SELECT cells FROM predictions ORDER BY seq").all() as { cells: Uint8Array }[];
    const byModel = customers.map((customer, i) => model.binner.cells(customer, expected[i] as number));
    expect(rows.map((row) => [...row.cells])).toEqual(byModel.map((row) => [...row]));
    expect(cells).toEqual(Uint8Array.from(byModel.flatMap((row) => [...row])));
    expect(stores.labels.due(10, 10).map(({ predictionId }) => predictionId)).toEqual([ids.split("\n")[1] as string]);
    expect(stores.labels.get(stored[2]?.seq ?? 0)).toEqual({ churned: true, observedAt: 5, receivedAt: 6 });
    expect([stores.labels.hasPending(), failures, started.length]).toEqual([false, [], 1]);
  });

  test("that dies fails what it was asked, leaves no lock, and is replaced by one with the same model", async () => {
    const { thread, failures, predict } = await openThread();
    const deaths = 12;
    for (let death = 1; death <= deaths; death++) {
      const before = count();
      const asked = messageOf(predict());
      // At another point each time: before it begins, within its transaction, after.
      await Bun.sleep(death / 3);
      started.at(-1)?.terminate();
      const message = await asked;
      const wasAnswered = message === "nothing was thrown";
      if (!wasAnswered) expect(message).toBe("the thread that predicts failed: it ended; it may be stored: ask again");
      await poll(() => failures.length === death || undefined);
      stores.state.put("after", String(death));
      const after = count();
      // All or nothing, and all when it was answered.
      expect([before + customers.length, ...(wasAnswered ? [] : [before])]).toContain(after);
      expect((await predict()).probabilities).toEqual(expected);
      expect(count()).toBe(after + customers.length);
    }
    await thread.close();
    expect(failures).toEqual(Array.from({ length: deaths }, () => "it ended"));
    expect(started).toHaveLength(deaths + 1);
    expect(stores.database.query("PRAGMA integrity_check").all()).toEqual([{ integrity_check: "ok" }]);
  }, 30_000);

  test("that replaces another where its model is gone takes any other version, and this one once it is back", async () => {
    const { thread, failures, predict } = await openThread();
    const { onnx } = model.manifest;
    const registry = createRegistry({ directory: modelsFolder, store: stores.models, now: () => 0 });
    const content = readFileSync(join(modelsFolder, version, onnx.file));
    registry.add({ ...model.manifest, version: "another" }, { [onnx.file]: content });
    renameSync(join(modelsFolder, version), join(modelsFolder, "away"));
    started[0]?.terminate();
    await poll(() => failures.length === 1 || undefined);
    expect(await messageOf(predict())).toContain(`model ${version}: cannot read manifest.json: ENOENT`);
    await thread.load("another");
    const other = await thread.predict({ version: "another", time: 0, customers: lines, replayed: [] });
    expect(other.probabilities).toEqual(expected);
    renameSync(join(modelsFolder, "away"), join(modelsFolder, version));
    expect((await predict()).probabilities).toEqual(expected);
    await thread.close();
    expect([failures, started.length]).toEqual([["it ended"], 2]);
  });

  test("that replaces another where the database is gone opens it once it is back", async () => {
    const { thread, failures, predict } = await openThread();
    started[0]?.terminate();
    await poll(() => failures.length === 1 || undefined);
    renameSync(databaseFile, `${databaseFile}.away`);
    expect(await messageOf(predict())).toContain("cannot write the database");
    renameSync(`${databaseFile}.away`, databaseFile);
    expect((await predict()).probabilities).toEqual(expected);
    await thread.close();
    expect([failures, started.length]).toEqual([["it ended"], 2]);
  });

  test("that does not answer in time is given up, and replaced", async () => {
    const { thread, failures, predict } = await openThread(400);
    (started[0] as Worker).onmessage = null;
    expect(await messageOf(predict())).toContain("the thread that predicts failed: no answer within 0.4 s");
    expect((await predict()).probabilities).toEqual(expected);
    await thread.close();
    expect([failures, started.length]).toEqual([["no answer within 0.4 s"], 2]);
  });

  test("refuses a version whose files are damaged, and goes on with the one before", async () => {
    const { thread, failures, predict } = await openThread();
    const registry = createRegistry({ directory: modelsFolder, store: stores.models, now: () => 0 });
    const { manifest } = model;
    const onnx = readFileSync(join(modelsFolder, version, manifest.onnx.file));
    registry.add({ ...manifest, version: "damaged" }, { [manifest.onnx.file]: onnx });
    truncateSync(join(modelsFolder, "damaged", manifest.onnx.file), 100);
    expect(await messageOf(thread.load("damaged"))).toContain("model damaged");
    expect((await predict()).probabilities).toEqual(expected);
    writeFileSync(join(modelsFolder, "damaged", manifest.onnx.file), onnx);
    await thread.load("damaged");
    const [before] = await Promise.all([predict(), thread.release(version)]);
    expect(before.probabilities).toEqual(expected);
    await thread.close();
    expect(await messageOf(predict())).toContain("the service stops");
    expect([failures, started.length]).toEqual([[], 1]);
  });
});
