import { afterAll, beforeEach, expect, test } from "bun:test";
import type { Tree } from "../learner/model.ts";
import { encodeModel } from "../onnx/writer.ts";
import { openThreadedSession } from "./scoring-thread.ts";
import { openSession } from "./session.ts";

const stump = (threshold: number): Tree => ({
  feature: Int32Array.of(threshold % 2, -1, -1),
  threshold: Float32Array.of(threshold, 0, 0),
  missingLeft: Uint8Array.of(threshold % 3 === 0 ? 1 : 0, 0, 0),
  left: Int32Array.of(1, -1, -1),
  right: Int32Array.of(2, -1, -1),
  value: Float32Array.of(0, 0.1 * threshold, -0.3),
  gain: Float32Array.of(1, 0, 0),
  cover: Float64Array.of(10, 5, 5),
});
const trees = { featureNames: ["a", "b"], baseScore: -1, trees: Array.from({ length: 20 }, (_, t) => stump(t)) };
const onnx = encodeModel({ trees, calibration: { slope: 1, intercept: 0 }, metadata: {} });
const rows = 200;
const features = Float32Array.from({ length: 2 * rows }, (_, i) => (i % 7 === 0 ? Number.NaN : (i * 37) % 23));
const session = await openSession(onnx, 2);
const expected = await session.score(features, rows);
await session.release();

const own = globalThis.Worker;
let started: Worker[] = [];
globalThis.Worker = class extends own {
  constructor(...parameters: ConstructorParameters<typeof own>) {
    super(...parameters);
    started.push(this);
  }
};
beforeEach(() => {
  started = [];
});
afterAll(() => {
  globalThis.Worker = own;
});

async function openCounted(timeout?: number) {
  const failures: string[] = [];
  const onFailure = (reason: string) => void failures.push(reason);
  return { failures, session: await openThreadedSession(onnx, 2, { onFailure, ...(timeout && { timeout }) }) };
}

test("a scoring thread gives what this thread gives, for few rows and many, many times at once", async () => {
  const { session, failures } = await openCounted();
  const counts = [1, 4, 5, 50, rows];
  const found = await Promise.all(counts.map((count) => session.score(features.slice(0, 2 * count), count)));
  await session.release();
  expect(found).toEqual(counts.map((count) => expected.slice(0, count)));
  expect(failures).toEqual([]);
  expect(started).toHaveLength(1);
});

test("what a thread that dies was asked is scored all the same, and the next batch gets another thread", async () => {
  const { session, failures } = await openCounted();
  const asked = session.score(features, rows);
  started[0]?.terminate();
  expect(await asked).toEqual(expected);
  expect(failures).toEqual(["it ended"]);
  expect(await session.score(features, rows)).toEqual(expected);
  expect(started).toHaveLength(2);
  await session.release();
  expect(failures).toHaveLength(1);
});

test("what a thread does not answer in time is scored all the same", async () => {
  const { session, failures } = await openCounted(50);
  const silent = started[0] as Worker;
  silent.onmessage = null;
  expect(await session.score(features, rows)).toEqual(expected);
  expect(failures).toEqual(["no answer within 0.05 s"]);
  await session.release();
});

test("is released when all that it was asked is scored", async () => {
  const { session, failures } = await openCounted();
  const asked = [1, 2, 3].map(() => session.score(features, rows));
  await session.release();
  for (const probabilities of await Promise.all(asked)) expect(probabilities).toEqual(expected);
  expect(failures).toEqual([]);
});

test("a model that cannot be loaded is refused, without a thread", async () => {
  const refused = openThreadedSession(onnx.subarray(0, onnx.length / 2), 2, { onFailure: () => {} });
  await expect(refused).rejects.toThrow("the ONNX model cannot be loaded");
  expect(started).toEqual([]);
});
