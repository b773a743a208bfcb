import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { exampleCustomer } from "./customer.ts";
import { poll, runCommandFile, temporaryFolder } from "./testing/service-process.ts";

const folder = temporaryFolder();
const DATA_DIR = join(folder.path, "data");
const sample = join(DATA_DIR, "raw", "sample.csv");
/** What stands for a person and for a secret: it must come back only to whom it belongs, in an answer that is no error. */
const person = "marker-of-a-person";
const secrets = ["marker-of-an-admin-key", "marker-of-a-reader-key", "marker-of-a-guessed-key"];
const [adminKey, readerKey, guessedKey] = secrets as [string, string, string];
const problems: { request: string; text: string }[] = [];
const outputs = new Map<string, string>();

interface Attempt {
  method?: string;
  path: string;
  key?: string | null;
  type?: string;
  body?: string;
  status: number;
}

const long = `${person}-${"x".repeat(300)}`;
const attempts: Attempt[] = [
  { method: "POST", path: "/predict", body: JSON.stringify({ ...exampleCustomer, user_id: person }), status: 200 },
  { method: "POST", path: "/predict?explain=true", body: JSON.stringify({ user_id: person }), status: 200 },
  { method: "POST", path: "/feedback", body: JSON.stringify({ user_id: person, churned: true }), status: 200 },
  { method: "DELETE", path: `/customers/${person}`, status: 200 },
  // Refused, each in another place.
  { method: "POST", path: "/predict", body: JSON.stringify({ user_id: person, montant: -1 }), status: 422 },
  { method: "POST", path: "/predict", body: JSON.stringify({ user_id: long }), status: 422 },
  { method: "POST", path: "/predict", body: JSON.stringify({ user_id: { name: person } }), status: 422 },
  { method: "POST", path: "/predict", body: JSON.stringify({ user_id: "a", region: [person] }), status: 422 },
  { method: "POST", path: "/predict", body: `{"user_id":${person}}`, status: 400 },
  { method: "POST", path: "/predict", body: `{"user_id":"${person}"`, status: 400 },
  { method: "POST", path: "/predict", body: person, type: "text/plain", status: 415 },
  {
    method: "POST",
    path: "/predict/batch",
    body: JSON.stringify({ customers: [{ user_id: person, tigo: "x" }] }),
    status: 422,
  },
  { method: "POST", path: "/feedback", body: JSON.stringify({ prediction_id: person, churned: true }), status: 404 },
  { method: "POST", path: "/feedback", body: JSON.stringify({ user_id: person, churned: person }), status: 422 },
  { method: "POST", path: "/feedback/batch", type: "text/csv", body: `user_id,churned\nx"${person},1\n`, status: 400 },
  { method: "POST", path: "/feedback/batch", type: "text/csv", body: `user_id,churned\n"${person},1\n`, status: 400 },
  { path: `/predictions/${person}`, status: 404 },
  { path: `/customers/${person}`, status: 405 },
  { path: `/customers/${person}/more`, status: 404 },
  { path: `/${person}?user=${person}`, status: 404 },
  { path: "/models", key: null, status: 401 },
  { path: "/models", key: guessedKey, status: 401 },
  { method: "DELETE", path: `/customers/${person}`, key: readerKey, status: 403 },
  { path: "/page/customer", key: readerKey, status: 403 },
  { path: "/audit", key: readerKey, status: 403 },
];

beforeAll(async () => {
  const pushed: string[] = [];
  const gateway = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      pushed.push(`${request.url}\n${await request.text()}`);
      return new Response();
    },
  });
  const environment = {
    DATA_DIR,
    PUSHGATEWAY_URL: `http://127.0.0.1:${gateway.port}`,
    API_KEYS: `${adminKey}:admin,${readerKey}:read`,
    LOG_LEVEL: "debug",
  };
  for (const [file, options] of [
    ["data/sample.ts", ["--rows", "4000"]],
    ["training/train.ts", ["--data", sample, "--rounds", "20"]],
  ] as const) {
    const { code, stdout, stderr } = await runCommandFile(file, [...options], environment);
    expect(code, stderr).toBe(0);
    outputs.set(file, stdout + stderr);
  }
  // Into files, so that nothing of what it says is missed.
  const files = { stdout: join(folder.path, "stdout"), stderr: join(folder.path, "stderr") };
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "main.ts")], {
    stdin: "ignore",
    stdout: Bun.file(files.stdout),
    stderr: Bun.file(files.stderr),
    env: {
      PATH: process.env.PATH ?? "",
      PORT: "0",
      REPLAY_RATE: "100",
      FEEDBACK_DELAY: "1",
      MONITOR_EVERY: "1",
      ...environment,
    },
  });
  const url = await poll(() => readFileSync(files.stdout, "utf8").match(/serves at (http:\/\/\S+)/)?.[1]);
  const get = async (path: string) =>
    (await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${adminKey}` } })).text();
  const events = new AbortController();
  const heard: string[] = [];
  const stream = await fetch(`${url}/events`, {
    headers: { authorization: `Bearer ${readerKey}` },
    signal: events.signal,
  });
  const listening = (async () => {
    for await (const chunk of stream.body as ReadableStream<Uint8Array>) heard.push(new TextDecoder().decode(chunk));
  })().catch((error: unknown) => {
    if (!events.signal.aborted) throw error;
  });
  for (const { method = "GET", path, key = adminKey, type = "application/json", body, status } of attempts) {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { ...(key && { authorization: `Bearer ${key}` }), ...(body !== undefined && { "content-type": type }) },
      ...(body !== undefined && { body }),
    });
    const text = `${JSON.stringify([...response.headers])}\n${await response.text()}`;
    expect([method, path, response.status]).toEqual([method, path, status]);
    if (status >= 400) problems.push({ request: `${method} ${path} ${body ?? ""}`, text });
  }
  outputs.set("/metrics", await get("/metrics"));
  outputs.set("/monitoring", await get("/monitoring"));
  outputs.set("/audit", await get("/audit"));
  outputs.set("/openapi.json", await get("/openapi.json"));
  events.abort();
  await listening;
  outputs.set("/events", heard.join(""));
  child.kill("SIGTERM");
  expect(await child.exited).toBe(0);
  for (const [name, file] of Object.entries(files)) outputs.set(name, readFileSync(file, "utf8"));
  await gateway.stop(true);
  outputs.set("the Pushgateway", pushed.join("\n"));
}, 120_000);
afterAll(() => folder.remove());

describe("what leaves a service that was asked about a person", () => {
  test("is there to be looked at", () => {
    expect(outputs.get("stderr")).toContain('"route":"/predict"');
    expect(outputs.get("/metrics")).toContain("churn_predictions_total");
    expect(outputs.get("the Pushgateway")).toContain("churn_training_samples");
    expect(outputs.get("/audit")).toContain("customer.erase");
    expect(outputs.get("/events")).toContain("connected");
    expect(problems.length).toBe(attempts.filter(({ status }) => status >= 400).length);
  });

  test("names them nowhere: not in logs, metrics, events, the audit log or the Pushgateway, and no problem quotes them", () => {
    for (const [where, text] of outputs) expect(text.includes(person), `${where} names a person`).toBe(false);
    for (const { request, text } of problems)
      expect(text.includes(person), `${request} is answered ${text}`).toBe(false);
  });

  test("tells no key", () => {
    for (const secret of secrets) {
      const digest = new Bun.CryptoHasher("sha256").update(secret).digest("hex");
      for (const [where, text] of outputs) {
        expect(text.includes(secret), `${where} tells a key`).toBe(false);
        expect(text.includes(digest), `${where} tells the digest of a key`).toBe(false);
      }
      for (const { request, text } of problems)
        expect(text.includes(secret), `${request} is answered ${text}`).toBe(false);
    }
  });

  test("names none of those whom the model was trained on and the replay plays", () => {
    const [header = "", ...lines] = readFileSync(sample, "utf8").trim().split("\n");
    const column = header.split(",").findIndex((name) => name.toLowerCase() === "user_id");
    const users = lines.map((line) => line.split(",")[column] as string);
    expect(new Set(users).size).toBe(4000);
    for (const [where, text] of outputs) {
      const named = users.find((user) => text.includes(user));
      expect(named, `${where} names ${named}`).toBeUndefined();
    }
  });
});
