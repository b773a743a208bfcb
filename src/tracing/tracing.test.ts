import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { exampleCustomer } from "../customer.ts";
import {
  poll,
  type RunningService,
  startProcess,
  temporaryFolder,
  trainSmallModel,
} from "../testing/service-process.ts";

interface Span {
  name: string;
  traceId: string;
  parentSpanId?: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: { key: string; value: { stringValue?: string; intValue?: number } }[];
  status: { code?: number };
}
interface Export {
  resourceSpans: { resource: Pick<Span, "attributes">; scopeSpans: { spans: Span[] }[] }[];
}

const folder = temporaryFolder();
const DATA_DIR = join(folder.path, "data");
const received: { path: string; body: Export }[] = [];
let isBroken = false;
const collector = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  async fetch(request) {
    if (isBroken) return new Response("no", { status: 400 });
    received.push({ path: new URL(request.url).pathname, body: (await request.json()) as Export });
    return Response.json({});
  },
});
const environment = { DATA_DIR, REPLAY_RATE: "0", LOG_LEVEL: "debug" };
const traced = { ...environment, OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${collector.port}/` };

beforeAll(() => trainSmallModel(DATA_DIR), 60_000);
afterAll(async () => {
  await collector.stop(true);
  folder.remove();
});

const spans = (): Span[] =>
  received.flatMap(({ body }) => body.resourceSpans.flatMap((each) => each.scopeSpans.flatMap((scope) => scope.spans)));
const attributesOf = ({ attributes }: Pick<Span, "attributes">) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? value.intValue]));
const predict = (service: RunningService, headers: Record<string, string>) =>
  fetch(`${service.url}/predict`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(exampleCustomer),
  });
const logOf = async (service: RunningService): Promise<Record<string, unknown>[]> =>
  (await new Response(service.process.stderr).text())
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe("with OTEL_EXPORTER_OTLP_ENDPOINT", () => {
  test("a collector gets a span of a request under the caller's trace; the log tells both ids", async () => {
    const service = await startProcess(traced);
    const [traceId, parent] = ["0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"];
    await predict(service, { "x-request-id": "traced-1", traceparent: `00-${traceId}-${parent}-01` });
    await predict(service, { "x-request-id": "unwanted", traceparent: `00-${traceId}-${parent}-00` });
    await fetch(`${service.url}/nothing`, { headers: { "x-request-id": "lost-1" } });
    const named = (id: string) => spans().find((each) => attributesOf(each)["churnwatch.request_id"] === id);
    const span = await poll(() => named("traced-1"));
    expect(span).toMatchObject({ name: "POST /predict", traceId, parentSpanId: parent, kind: 2 });
    expect(attributesOf(span)).toMatchObject({
      "http.request.method": "POST",
      "http.route": "/predict",
      "http.response.status_code": 200,
    });
    const nanoseconds = BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano);
    expect(nanoseconds > 0n && nanoseconds < 5_000_000_000n).toBe(true);
    const lost = await poll(() => named("lost-1"));
    expect(lost.name).toBe("GET unmatched");
    expect(lost.parentSpanId ?? "").toBe("");
    expect(lost.traceId).not.toBe(traceId);
    expect(received[0]?.path).toBe("/v1/traces");
    expect(attributesOf((received[0] as (typeof received)[0]).body.resourceSpans[0]?.resource as Span)).toMatchObject({
      "service.name": "churnwatch",
    });
    const metrics = async (accept: string) => (await fetch(`${service.url}/metrics`, { headers: { accept } })).text();
    const exemplars =
      (await metrics("application/openmetrics-text")).match(/^churn_http_request_duration.* # .*$/gm) ?? [];
    expect(
      exemplars.some(
        (line) => line.includes(`route="/predict",status="200"} `) && line.includes(`# {trace_id="${traceId}"}`),
      ),
    ).toBe(true);
    expect(await metrics("text/plain")).not.toContain("trace_id");
    await service.end("SIGTERM");
    expect(named("unwanted")).toBeUndefined();
    expect((await logOf(service)).find((line) => line.request_id === "traced-1")).toMatchObject({
      msg: "answered",
      trace_id: traceId,
      method: "POST",
      route: "/predict",
      status: 200,
    });
  }, 30_000);

  test("what waits is sent before the service ends", async () => {
    const service = await startProcess(traced);
    await predict(service, { "x-request-id": "last-1" });
    expect(await service.end("SIGTERM")).toBe(0);
    expect(spans().some((each) => attributesOf(each)["churnwatch.request_id"] === "last-1")).toBe(true);
  }, 30_000);

  test("a collector that refuses is told in the log, and neither serving nor stopping minds", async () => {
    isBroken = true;
    const service = await startProcess(traced);
    expect((await predict(service, {})).status).toBe(200);
    const before = performance.now();
    expect(await service.end("SIGTERM")).toBe(0);
    expect(performance.now() - before).toBeLessThan(5000);
    expect((await logOf(service)).map(({ msg }) => msg)).toContainEqual(
      expect.stringContaining(`traces are not sent to ${traced.OTEL_EXPORTER_OTLP_ENDPOINT}`),
    );
  }, 30_000);
});

test.each([
  ["", false],
  [`http://127.0.0.1:${collector.port}`, true],
])("for the endpoint '%s' the library is loaded: %p", (endpoint, isLoaded) => {
  const script = `
    const { startTracing } = await import(${JSON.stringify(join(import.meta.dir, "start.ts"))});
    await import(${JSON.stringify(join(import.meta.dir, "..", "service.ts"))});
    await startTracing(${JSON.stringify(endpoint)}, () => {});
    console.log(Object.keys(require.cache).filter((path) => /@opentelemetry.(sdk|exporter|core)/.test(path)).length > 0);
    process.exit(0);`;
  const { stdout, stderr } = Bun.spawnSync([process.execPath, "-e", script], {
    env: { PATH: process.env.PATH ?? "", ORT_DISABLE_TELEMETRY: "1" },
  });
  expect(stdout.toString().trim(), stderr.toString()).toBe(String(isLoaded));
});
