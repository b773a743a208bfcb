import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { exampleCustomer } from "./customer.ts";
import { manifestFormat } from "./models/manifest.ts";
import {
  poll,
  type RunningService,
  startProcess,
  temporaryFolder,
  trainSmallModel,
} from "./testing/service-process.ts";

const folder = temporaryFolder();
const DATA_DIR = join(folder.path, "data");
const adminKey = "admin-key-of-a-test";
const readKey = "read-key-of-a-test";
let service: RunningService;

beforeAll(async () => {
  await trainSmallModel(DATA_DIR);
  service = await startProcess({
    DATA_DIR,
    REPLAY_RATE: "0",
    API_KEYS: `${adminKey}:admin,${readKey}:read`,
  });
}, 60_000);
afterAll(async () => {
  await service.end("SIGTERM");
  folder.remove();
});

interface Answer {
  status: number;
  type: string | null;
  headers: Headers;
  body: Record<string, unknown>;
}

async function send(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(`${service.url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${adminKey}`,
      ...(body !== undefined && { "content-type": "application/json" }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const type = response.headers.get("content-type");
  return {
    status: response.status,
    type,
    headers: response.headers,
    body: type?.includes("json") ? JSON.parse(text) : text,
  };
}

const predict = (customer: unknown) => send("POST", "/predict", customer);

/** How many predictions were stored, and how many requests refused, by what /metrics tells. */
async function counted(): Promise<{ predictions: number; rejections: number }> {
  const text = await (await fetch(`${service.url}/metrics`)).text();
  const total = (name: string) =>
    [...text.matchAll(new RegExp(`^${name}\\{.*\\} (\\d+)$`, "gm"))].reduce((sum, found) => sum + Number(found[1]), 0);
  return { predictions: total("churn_predictions_total"), rejections: total("churn_prediction_rejections_total") };
}

describe("POST /predict?explain=true", () => {
  test("also says why", async () => {
    const { status, body } = await send("POST", "/predict?explain=true", exampleCustomer);
    expect(status).toBe(200);
    const { base, contributions, raw_score } = body.explanation as {
      base: number;
      contributions: Record<string, number>;
      raw_score: number;
    };
    expect(Object.keys(contributions).sort()).toEqual(
      Object.keys(exampleCustomer)
        .filter((name) => name !== "user_id")
        .sort(),
    );
    const sum = Object.values(contributions).reduce((total, value) => total + value, base);
    expect(Math.abs(sum - raw_score)).toBeLessThan(1e-9);
    expect(Math.abs(1 / (1 + Math.exp(-raw_score)) - (body.probability as number))).toBeLessThan(1e-6);
    expect((await send("GET", `/predictions/${body.prediction_id}`)).status).toBe(200);
  });

  test("refuses another query before anything is stored", async () => {
    const before = await counted();
    const queries = ["explain=yes", "explain=", "explain=true&explain=true", "explain=true&verbose=1", "why=true"];
    for (const query of queries) {
      const { status, body } = await send("POST", `/predict?${query}`, exampleCustomer);
      expect([query, status, (body.errors as unknown[]).length]).toEqual([query, 422, 1]);
    }
    expect(await counted()).toEqual({ ...before, rejections: before.rejections + queries.length });
    expect((await send("POST", "/predict?explain=false", exampleCustomer)).body.explanation).toBeUndefined();
  });

  test("is for one customer: a batch is not explained", async () => {
    const before = await counted();
    const customers = [exampleCustomer];
    const { status, body } = await send("POST", "/predict/batch?explain=true", { customers });
    expect([status, body.detail]).toEqual([422, expect.stringContaining("POST /predict?explain=true")]);
    expect((await send("POST", "/predict/batch?why=true", { customers })).status).toBe(422);
    expect(await counted()).toEqual({ ...before, rejections: before.rejections + 2 });
  });
});

describe("POST /predict", () => {
  test("answers as the contract says, and keeps what it answered", async () => {
    const { status, body } = await predict(exampleCustomer);
    expect(status).toBe(200);
    expect(Object.keys(body)).toEqual([
      "prediction_id",
      "user_id",
      "probability",
      "churn",
      "threshold",
      "model_version",
    ]);
    expect(body.churn).toBe((body.probability as number) >= (body.threshold as number));
    const record = await send("GET", `/predictions/${body.prediction_id}`);
    expect(record.body).toMatchObject({
      ...body,
      customer: exampleCustomer,
      source: "request",
      feedback: null,
      history: [],
    });
  });

  test("takes absent, null and blank values as the same: missing", async () => {
    const absent = await predict({ user_id: "a" });
    const nulls = await predict({ user_id: "a", region: null, montant: null, mrg: "NO" });
    const blank = await predict({ user_id: "a", region: " " });
    expect(nulls.body.probability).toBe(absent.body.probability);
    expect(blank.body.probability).toBe(absent.body.probability);
  });

  test.each([
    [{ user_id: "a", colour: "red" }, 422, "colour", "unknown_key"],
    [{ user_id: "a", montant: -1 }, 422, "montant", "negative"],
    [{ user_id: "a", montant: "12" }, 422, "montant", "wrong_type"],
    ['{"user_id":"a","montant":1e999}', 422, "montant", "not_finite"],
    [{ user_id: "a", region: "x".repeat(201) }, 422, "region", "too_long"],
    [{ user_id: "" }, 422, "user_id", "too_short"],
    ['{"user_id":"a","region":"half a pair: \\ud800"}', 422, "region", "other"],
    ['{"user_id":"a","__proto__":{"montant":1}}', 422, "__proto__", "unknown_key"],
    [{}, 422, "user_id", "missing_key"],
    [[], 422, "", "wrong_type"],
    ['{"user_id":"a"', 400, "", "malformed_body"],
    ['{"user_id":"a","montant":NaN}', 400, "", "malformed_body"],
    [{ user_id: "a", region: "x".repeat(70_000) }, 413, "", "payload_too_large"],
  ])("refuses body %# and counts why", async (customer, status, path, reason) => {
    const count = async () => {
      const { body } = await send("GET", "/metrics");
      return Number(
        String(body).match(new RegExp(`churn_prediction_rejections_total\\{reason="${reason}"\\} (\\d+)`))?.[1] ?? 0,
      );
    };
    const before = await count();
    const answer = await predict(customer);
    expect(answer.status).toBe(status);
    expect(answer.type).toBe("application/problem+json");
    expect(Object.keys(answer.body)).toEqual(expect.arrayContaining(["type", "title", "status", "detail"]));
    expect((answer.body.errors as { path: string }[] | undefined)?.[0]?.path).toBe(path);
    expect(await count()).toBe(before + 1);
  });

  test("refuses bytes that are not UTF-8, and compressed bodies", async () => {
    const post = (body: Uint8Array<ArrayBuffer>, headers: Record<string, string>) =>
      fetch(`${service.url}/predict`, {
        method: "POST",
        headers: { authorization: `Bearer ${adminKey}`, "content-type": "application/json", ...headers },
        body,
      });
    const text = Buffer.from('{"user_id":"\u00e9"}');
    expect((await post(new Uint8Array(Buffer.from(text.toString("utf8"), "latin1")), {})).status).toBe(400);
    expect((await post(Bun.gzipSync(text), { "content-encoding": "gzip" })).status).toBe(415);
    expect((await post(new Uint8Array(text), { "content-encoding": "identity" })).status).toBe(200);
  });

  test("tells what to send when the type of the body is not JSON", async () => {
    const { status, body } = await send("POST", "/predict", "user_id=a", {
      "content-type": "application/x-www-form-urlencoded",
    });
    expect(status).toBe(415);
    expect(body.detail).toContain("application/json");
  });
});

describe("POST /predict/batch", () => {
  test("answers in order", async () => {
    const customers = ["c", "a", "b"].map((user_id) => ({ user_id }));
    const { body } = await send("POST", "/predict/batch", { customers });
    expect((body.predictions as { user_id: string }[]).map((prediction) => prediction.user_id)).toEqual([
      "c",
      "a",
      "b",
    ]);
  });

  test("is all or nothing, and names the index of what is wrong", async () => {
    const { status, body } = await send("POST", "/predict/batch", {
      customers: [{ user_id: "nobody-1" }, { user_id: "x", tigo: -1 }],
    });
    expect(status).toBe(422);
    expect(body.errors).toEqual([{ path: "customers.1.tigo", message: expect.any(String) }]);
    const feedback = await send("POST", "/feedback", { user_id: "nobody-1", churned: true });
    expect(feedback.body.status).toBe("pending");
  });

  test.each([0, 1001])("refuses %p customers", async (count) => {
    const customers = Array.from({ length: count }, () => ({ user_id: "a" }));
    expect((await send("POST", "/predict/batch", { customers })).status).toBe(422);
  });
});

describe("POST /feedback", () => {
  const give = (body: unknown) => send("POST", "/feedback", body);

  test("is recorded, unchanged when sent again, and corrected by a later observation", async () => {
    const { body } = await predict({ user_id: "fb-1" });
    const prediction_id = body.prediction_id as string;
    expect((await give({ prediction_id, churned: true })).body).toEqual({ prediction_id, status: "recorded" });
    expect((await give({ prediction_id, churned: 1 })).body.status).toBe("unchanged");
    expect((await give({ user_id: "fb-1", churned: false })).body).toEqual({ prediction_id, status: "corrected" });
    const record = await send("GET", `/predictions/${prediction_id}`);
    expect(record.body.feedback).toMatchObject({ churned: false });
    expect((record.body.history as { status: string }[]).map(({ status }) => status)).toEqual([
      "recorded",
      "corrected",
    ]);
  });

  test("believes the observation made last, whatever the order of arrival", async () => {
    const late = { churned: true, observed_at: "2026-03-02T00:00:00Z" };
    const early = { churned: false, observed_at: "2026-03-01T00:00:00Z" };
    for (const order of [
      [late, early],
      [early, late],
    ]) {
      const { body } = await predict({ user_id: "fb-2" });
      const prediction_id = body.prediction_id as string;
      for (const label of order) await give({ prediction_id, ...label });
      expect((await send("GET", `/predictions/${prediction_id}`)).body.feedback).toMatchObject({ churned: true });
    }
  });

  test("waits for a user without predictions and joins the first", async () => {
    expect((await give({ user_id: "fb-3", churned: true })).body).toEqual({ prediction_id: null, status: "pending" });
    const { body } = await predict({ user_id: "fb-3" });
    expect((await send("GET", `/predictions/${body.prediction_id}`)).body.feedback).toMatchObject({ churned: true });
  });

  test.each([
    [{ prediction_id: "01a208a0-8ee0-7485-83be-b7f375bdfbc6", churned: true }, 404],
    [{ churned: true }, 422],
    [{ prediction_id: "a", user_id: "b", churned: true }, 422],
    [{ user_id: "a", churned: 2 }, 422],
    [{ user_id: "a", churned: true, observed_at: "yesterday" }, 422],
  ])("refuses body %#", async (body, status) => {
    expect((await give(body)).status).toBe(status);
  });

  test("takes CSV, records what is valid, and names the lines of the rest", async () => {
    const { body } = await predict({ user_id: "csv-1" });
    const csv = `\uFEFFPrediction_ID,User_ID,Churned\r\n${body.prediction_id},,1\r\n,csv-2,0\r\n,csv-3,maybe\r\nnone,,1\r\n`;
    const answer = await send("POST", "/feedback/batch", csv, { "content-type": "text/csv" });
    expect(answer.body.counts).toEqual({ recorded: 1, unchanged: 0, corrected: 0, pending: 1, rejected: 2 });
    expect((answer.body.rejected as { line: number }[]).map(({ line }) => line)).toEqual([4, 5]);
  });

  test.each([
    ["user_id", "line 1"],
    ["churned", "line 1"],
    ["user_id,churned,user_id", "line 1, column 3"],
    ["user_id,churned,colour", "line 1, column 3"],
    ["user_id;churned", "line 1, column 1"],
  ])("refuses CSV with the header %s", async (header, path) => {
    const { status, body } = await send("POST", "/feedback/batch", `${header}\na,1,b\n`, {
      "content-type": "text/csv",
    });
    expect([status, (body.errors as { path: string }[])[0]?.path]).toEqual([422, path]);
  });

  test("takes many labels as JSON", async () => {
    const feedback = [{ user_id: "json-1", churned: true }, { user_id: "json-2" }];
    const answer = await send("POST", "/feedback/batch", { feedback });
    expect(answer.body.counts).toMatchObject({ pending: 1, rejected: 1 });
  });
});

describe("access", () => {
  test("needs a key, and one whose role fits", async () => {
    const none = await fetch(`${service.url}/models`);
    expect([none.status, none.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
    expect((await send("GET", "/models", undefined, { authorization: "Bearer wrong-key-of-a-test" })).status).toBe(401);
    expect((await send("GET", "/models", undefined, { authorization: `Bearer ${readKey}` })).status).toBe(200);
    const refused = await send("POST", "/predict", exampleCustomer, { authorization: `Bearer ${readKey}` });
    expect(refused.status).toBe(403);
  });

  test("is not given to pages of other sites: no answer has a CORS header, and asking beforehand is refused", async () => {
    const origin = "https://elsewhere.example";
    for (const path of ["/models", "/metrics", "/openapi.json", "/nothing", "/"]) {
      const { headers } = await send("GET", path, undefined, { origin });
      expect([...headers.keys()].filter((name) => name.startsWith("access-control-"))).toEqual([]);
    }
    const asked = await send("OPTIONS", "/predict", undefined, {
      origin,
      "access-control-request-method": "POST",
      "access-control-request-headers": "content-type",
    });
    expect([asked.status, asked.headers.get("access-control-allow-origin")]).toEqual([405, null]);
  });

  test("has a quota that each answer tells, one that refuses too", async () => {
    const quota = (answer: Answer) => [answer.headers.get("ratelimit-policy"), answer.headers.get("ratelimit")];
    for (const answer of [
      await send("GET", "/models"),
      await predict(exampleCustomer),
      await predict({}),
      await send("GET", "/predictions/none"),
      await send("GET", "/models", undefined, { authorization: "Bearer wrong-key-of-a-test" }),
    ])
      expect(quota(answer)).toEqual(['"requests";q=1000;w=1', expect.stringMatching(/^"requests";r=\d+;t=1$/)]);
    expect(quota(await send("GET", "/health/ready"))).toEqual([null, null]);
  });

  test("leaves health and metrics open", async () => {
    for (const path of ["/health/live", "/health/ready", "/metrics"])
      expect((await fetch(`${service.url}${path}`)).status).toBe(200);
  });
});

describe("models", () => {
  test("are listed and described; a change is refused for a version that does not exist", async () => {
    const { body } = await send("GET", "/models");
    const [model] = body.models as { version: string; serving: boolean }[];
    expect(model?.serving).toBe(true);
    const manifest = await send("GET", `/models/${model?.version}`);
    expect(manifest.body).toMatchObject({ version: model?.version, format: manifestFormat });
    expect((await send("POST", "/models/none/use")).status).toBe(404);
    expect((await send("POST", "/models/rollback")).status).toBe(409);
    expect((await send("POST", `/models/${model?.version}/use`)).body.serving).toBe(model?.version as string);
  });
});

describe("the rest", () => {
  test("erases a person and everything known of them", async () => {
    const { body } = await predict({ user_id: "to be/erased" });
    const path = `/customers/${encodeURIComponent("to be/erased")}`;
    expect((await send("DELETE", path)).body).toEqual({ erased: true });
    expect((await send("GET", `/predictions/${body.prediction_id}`)).status).toBe(404);
    expect((await send("DELETE", path)).body).toEqual({ erased: false });
  });

  test("refuses to erase a person whose name cannot be read", async () => {
    const { status, type, body } = await send("DELETE", "/customers/%E0%A4%A");
    expect([status, type]).toEqual([400, "application/problem+json"]);
    expect(body).toMatchObject({ type: "urn:churnwatch:problem:malformed_path", errors: [{ path: "user_id" }] });
    expect((await send("DELETE", "/customers/%25E0%25A4%25A")).body).toEqual({ erased: false });
  });

  test("answers unknown routes and wrong methods with problems", async () => {
    expect((await send("GET", "/nothing")).status).toBe(404);
    const wrong = await send("PUT", "/predict", {});
    expect([wrong.status, wrong.headers.get("allow"), wrong.type]).toEqual([405, "POST", "application/problem+json"]);
  });

  test("describes every route of the contract in OpenAPI 3.1, with examples", async () => {
    const { body } = await send("GET", "/openapi.json");
    expect(body.openapi).toStartWith("3.1");
    const paths = body.paths as Record<
      string,
      Record<string, { requestBody?: { content: Record<string, { example?: unknown }> } }>
    >;
    const routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(routes.sort()).toEqual(
      [
        "DELETE /customers/{user_id}",
        "GET /audit",
        "GET /events",
        "GET /health/live",
        "GET /health/ready",
        "GET /metrics",
        "GET /models",
        "GET /models/{version}",
        "GET /monitoring",
        "GET /monitoring/distributions",
        "GET /monitoring/history",
        "GET /predictions/{id}",
        "GET /scenario",
        "POST /feedback",
        "POST /feedback/batch",
        "POST /models/rollback",
        "POST /models/{version}/use",
        "POST /predict",
        "POST /predict/batch",
        "POST /scenario",
      ].sort(),
    );
    const example = paths["/predict"]?.post?.requestBody?.content["application/json"]?.example;
    expect((await predict(example)).status).toBe(200);
  });

  test("has pages that load nothing from outside", async () => {
    for (const [path, policy] of [
      ["/", "default-src 'none'; script-src 'self'"],
      ["/docs", "default-src 'none'; script-src 'self'; style-src 'self';"],
    ] as const) {
      const { status, body, headers } = await send("GET", path);
      expect(status).toBe(200);
      const loaded = [...String(body).matchAll(/(?:src|href)="([^"]*)"/g)].map(([, target]) => target as string);
      expect(loaded.length).toBeGreaterThan(1);
      for (const target of loaded.filter((found) => !/^(data:|#)/.test(found))) {
        expect(target).toStartWith("/");
        expect([target, (await send("GET", target)).status]).toEqual([target, 200]);
      }
      expect(headers.get("content-security-policy")).toStartWith(policy);
      expect(headers.get("content-security-policy")).not.toContain("unsafe");
      expect(Object.fromEntries(headers)).toMatchObject({
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": expect.stringContaining("camera=()"),
      });
    }
    const { headers } = await send("GET", "/page/app.js");
    const again = await send("GET", "/page/app.js", undefined, { "if-none-match": headers.get("etag") as string });
    expect(again.status).toBe(304);
  });

  test("exposes OpenMetrics on request", async () => {
    const open = await send("GET", "/metrics", undefined, { accept: "application/openmetrics-text" });
    expect(open.type).toContain("application/openmetrics-text");
    expect(String(open.body)).toEndWith("# EOF\n");
    expect((await send("GET", "/metrics")).type).toContain("text/plain");
  });

  test("switches the scenario and tells those who listen", async () => {
    const stream = await fetch(`${service.url}/events`, { headers: { authorization: `Bearer ${readKey}` } });
    let heard = "";
    const listening = (async () => {
      for await (const chunk of stream.body as ReadableStream<Uint8Array>) heard += new TextDecoder().decode(chunk);
    })().catch(() => undefined);
    expect((await send("POST", "/scenario", { scenario: "price-rise" })).body.scenario).toBe("price-rise");
    expect((await send("POST", "/scenario", { scenario: "war" })).status).toBe(422);
    await poll(() => (heard.includes('event: scenario\ndata: {"scenario":"price-rise"') ? true : undefined));
    expect((await send("GET", "/scenario")).body.scenario).toBe("price-rise");
    await send("POST", "/scenario", { scenario: "none" });
    await stream.body?.cancel().catch(() => undefined);
    await Promise.race([listening, Promise.resolve()]);
  });

  test("gives monitoring results and their history, and refuses a bad range", async () => {
    expect((await send("GET", "/monitoring")).body.scenario).toBe("none");
    expect((await send("GET", "/monitoring/history?monitor=drift&from=2026-01-01T00:00:00Z")).status).toBe(200);
    expect((await send("GET", "/monitoring/history?from=soon")).status).toBe(422);
    for (const limit of ["0", "10001", "1.5", "-1", "many"])
      expect((await send("GET", `/monitoring/history?limit=${limit}`)).status).toBe(422);
    expect((await send("GET", "/monitoring/history?monitor=drift&monitor=quality")).status).toBe(422);
  });
});
