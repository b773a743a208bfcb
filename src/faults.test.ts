import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { closeSync, cpSync, openSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { exampleCustomer } from "./customer.ts";
import { mountFailingDisk } from "./testing/failing-disk.ts";
import {
  poll,
  type RunningService,
  runCommandFile,
  startProcess,
  temporaryFolder,
  trainSmallModel,
} from "./testing/service-process.ts";
import { mountSmallDisk } from "./testing/small-disk.ts";

const folder = temporaryFolder();
const trained = join(folder.path, "trained");
const disk = mountSmallDisk(join(folder.path, "disk"), 24 * 2 ** 20);
const sealed = mountSmallDisk(join(folder.path, "sealed"), 24 * 2 ** 20);
const failing = mountFailingDisk(join(folder.path, "failing"), 64 * 2 ** 20);
if (typeof failing === "string") process.stderr.write(`skipped: the test of a disk that fails, since ${failing}\n`);
if (typeof disk === "string")
  process.stderr.write(`skipped: the tests of a full and a read-only disk, since ${disk}\n`);

beforeAll(() => trainSmallModel(trained), 60_000);
afterAll(() => {
  for (const each of [disk, sealed, failing]) if (typeof each !== "string") each.remove();
  folder.remove();
});

const quiet = { REPLAY_RATE: "0", LOG_LEVEL: "silent" };

/** A data directory of its own with the trained model. */
function copyOf(name: string): string {
  const copy = join(folder.path, name);
  cpSync(trained, copy, { recursive: true });
  return copy;
}

async function predict(service: RunningService, customers = 1) {
  const response = await fetch(`${service.url}/predict/batch`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ customers: Array(customers).fill(exampleCustomer) }),
  });
  const body = (await response.json()) as { detail?: string; predictions?: { prediction_id: string }[] };
  return { status: response.status, retryAfter: response.headers.get("retry-after"), ...body };
}

const readiness = async ({ url }: RunningService) => {
  const response = await fetch(`${url}/health/ready`);
  const { reason } = (await response.json()) as { reason?: string };
  return { status: response.status, reason };
};

async function metric({ url }: RunningService, series: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const line = text.split("\n").find((each) => each.startsWith(`${series} `));
  return Number(line?.slice(series.length + 1));
}

async function whileRunning(environment: Record<string, string>, work: (service: RunningService) => Promise<void>) {
  const service = await startProcess({ ...quiet, ...environment });
  try {
    await work(service);
  } finally {
    await service.end("SIGTERM");
  }
}

/** That the service says why it cannot store, to callers, to the orchestrator and to Prometheus, and is alive. */
async function expectFault(service: RunningService, fault: string, reason: string): Promise<void> {
  const refused = await poll(async () => {
    const answer = await predict(service, 1000);
    return answer.status === 200 ? undefined : answer;
  });
  expect(refused).toMatchObject({ status: 503, retryAfter: "5", detail: expect.stringContaining(reason) });
  expect(await readiness(service)).toMatchObject({ status: 503, reason: expect.stringContaining(reason) });
  expect((await fetch(`${service.url}/health/live`)).status).toBe(200);
  expect(await metric(service, "churn_storage_available")).toBe(0);
  expect(await metric(service, `churn_storage_failures_total{fault="${fault}"}`)).toBeGreaterThan(0);
}

async function expectRecovery(service: RunningService): Promise<void> {
  await poll(async () => ((await readiness(service)).status === 200 ? true : undefined));
  expect((await predict(service)).status).toBe(200);
  expect(await metric(service, "churn_storage_available")).toBe(1);
}

describe("the storage", () => {
  test.skipIf(typeof disk === "string")(
    "that is full is told, loses nothing that was acknowledged, and serves again when there is room",
    async () => {
      if (typeof disk === "string") throw new Error(disk);
      const DATA_DIR = join(folder.path, "disk", "data");
      cpSync(trained, DATA_DIR, { recursive: true });
      const ids: string[] = [];
      await whileRunning({ DATA_DIR }, async (service) => {
        ids.push(...((await predict(service, 100)).predictions ?? []).map(({ prediction_id }) => prediction_id));
        // The first checkpoint cuts the log, which would make room again.
        await poll(() => statSync(join(DATA_DIR, "service.db-wal")).size === 0 || undefined);
        disk.fill();
        await expectFault(service, "full", "the disk is full");
        disk.free();
        await expectRecovery(service);
      });
      await whileRunning({ DATA_DIR }, async ({ url }) => {
        expect(ids).toHaveLength(100);
        for (const id of ids) expect((await fetch(`${url}/predictions/${id}`)).status).toBe(200);
      });
      const database = new Database(join(DATA_DIR, "service.db"), { readonly: true });
      expect(database.query("PRAGMA integrity_check").all()).toEqual([{ integrity_check: "ok" }]);
      database.close();
    },
    60_000,
  );

  test.skipIf(typeof sealed === "string")(
    "that cannot be written to ends the start with one line",
    async () => {
      if (typeof sealed === "string") throw new Error(sealed);
      const DATA_DIR = join(folder.path, "sealed", "data");
      cpSync(trained, DATA_DIR, { recursive: true });
      sealed.seal();
      const finished = await runCommandFile("main.ts", [], { ...quiet, DATA_DIR, PORT: "0" });
      expect(finished.code).toBe(69);
      expect(finished.stderr).toMatch(/^error: .*sealed\/data.*writable.*\n$/);
    },
    30_000,
  );

  test.skipIf(typeof failing === "string")(
    "that the kernel makes read-only while it is written to is told, and all that was acknowledged is there afterwards",
    async () => {
      if (typeof failing === "string") throw new Error(failing);
      const DATA_DIR = join(folder.path, "failing", "data");
      cpSync(trained, DATA_DIR, { recursive: true });
      const ids: string[] = [];
      await whileRunning({ DATA_DIR, REPLAY_RATE: "20", MONITOR_EVERY: "1" }, async (service) => {
        ids.push(...((await predict(service, 100)).predictions ?? []).map(({ prediction_id }) => prediction_id));
        failing.fail();
        await expectFault(service, "read_only", "the data directory cannot be written to");
      });
      failing.mend();
      await whileRunning({ DATA_DIR }, async (service) => {
        expect(ids).toHaveLength(100);
        for (const id of ids) expect((await fetch(`${service.url}/predictions/${id}`)).status).toBe(200);
        expect((await predict(service)).status).toBe(200);
      });
    },
    60_000,
  );

  test("that another program locks for a moment is waited for, without stopping others; locked for long, it is told", async () => {
    const DATA_DIR = copyOf("locked");
    await whileRunning({ DATA_DIR }, async (service) => {
      const other = new Database(join(DATA_DIR, "service.db"));
      other.exec("BEGIN IMMEDIATE");
      const waiting = predict(service);
      const asked = performance.now();
      expect((await fetch(`${service.url}/health/live`)).status).toBe(200);
      expect(performance.now() - asked).toBeLessThan(1000);
      other.exec("ROLLBACK");
      expect((await waiting).status).toBe(200);
      other.exec("BEGIN IMMEDIATE");
      await expectFault(service, "locked", "another program keeps the database locked");
      other.exec("ROLLBACK");
      other.close();
      await expectRecovery(service);
    });
  }, 60_000);

  test("whose files are moved away acknowledges nothing, and serves again when they are back", async () => {
    const DATA_DIR = copyOf("moved");
    await whileRunning({ DATA_DIR }, async (service) => {
      renameSync(DATA_DIR, `${DATA_DIR}-away`);
      await expectFault(service, "missing", "were moved, replaced or deleted");
      renameSync(`${DATA_DIR}-away`, DATA_DIR);
      await expectRecovery(service);
    });
  }, 30_000);

  test("that is damaged while it serves is not written to any more, whoever meets the damage, and is not believed to recover", async () => {
    const DATA_DIR = copyOf("damaged-later");
    const file = join(DATA_DIR, "service.db");
    const replaying = { REPLAY_RATE: "50", FEEDBACK_DELAY: "1", MONITOR_EVERY: "1" };
    await whileRunning({ DATA_DIR, ...replaying }, async (service) => {
      await predict(service);
      const handle = openSync(file, "r+");
      const { size } = statSync(file);
      writeSync(handle, new Uint8Array(size - 4096).fill(0xa5), 0, size - 4096, 4096);
      closeSync(handle);
      await poll(async () => ((await readiness(service)).status === 503 ? true : undefined));
      await expectFault(service, "damaged", "the database is damaged");
      const probes = () => metric(service, 'churn_job_runs_total{job="probe-storage",outcome="success"}');
      const before = await probes();
      await poll(async () => ((await probes()) > before + 1 ? true : undefined));
      await expectFault(service, "damaged", "the database is damaged");
    });
  }, 60_000);

  test("whose pages are damaged is not served from, and what to do is said", async () => {
    const DATA_DIR = copyOf("damaged");
    const file = join(DATA_DIR, "service.db");
    const { size } = statSync(file);
    const handle = openSync(file, "r+");
    writeSync(handle, new Uint8Array(size - 4096).fill(0xa5), 0, size - 4096, 4096);
    closeSync(handle);
    const finished = await runCommandFile("main.ts", [], { ...quiet, DATA_DIR, PORT: "0" });
    expect(finished.code).toBe(69);
    expect(finished.stderr).toContain("damaged/service.db: database disk image is malformed");
    expect(finished.stderr).toContain("bun run restore");
  }, 30_000);
});

describe("the model", () => {
  test("whose folder is deleted goes on serving, is told by the job that looks, and by what needs its files; so is the next start", async () => {
    const DATA_DIR = copyOf("deleted");
    const models = join(DATA_DIR, "models");
    await whileRunning({ DATA_DIR }, async (service) => {
      renameSync(models, `${models}-gone`);
      expect((await predict(service)).status).toBe(200);
      const failures = () => metric(service, 'churn_job_runs_total{job="follow-registry",outcome="failure"}');
      await poll(async () => ((await failures()) > 0 ? true : undefined));
      const explained = await fetch(`${service.url}/predict?explain=true`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(exampleCustomer),
      });
      expect([explained.status, explained.headers.get("retry-after")]).toEqual([503, "1"]);
      expect(((await explained.json()) as { detail: string }).detail).toContain("ENOENT");
      expect((await readiness(service)).status).toBe(200);
      expect((await predict(service)).status).toBe(200);
      renameSync(`${models}-gone`, models);
      const succeeded = () => metric(service, 'churn_job_runs_total{job="follow-registry",outcome="success"}');
      const before = await succeeded();
      await poll(async () => ((await succeeded()) > before ? true : undefined));
      renameSync(models, `${models}-gone`);
    });
    const finished = await runCommandFile("main.ts", [], { ...quiet, DATA_DIR, PORT: "0" });
    expect(finished.code).toBe(69);
    expect(finished.stderr).toContain("model:rollback");
  }, 60_000);

  test("without its manifest is not served, and named", async () => {
    const DATA_DIR = copyOf("no-manifest");
    const { stdout } = await runCommandFile("models/command.ts", ["list"], { DATA_DIR });
    const version = stdout.match(/\* (\S+)/)?.[1] ?? "";
    rmSync(join(DATA_DIR, "models", version, "manifest.json"));
    const finished = await runCommandFile("main.ts", [], { ...quiet, DATA_DIR, PORT: "0" });
    expect(finished.code).toBe(69);
    expect(finished.stderr).toContain(version);
    expect(finished.stderr).toContain("manifest");
  }, 30_000);
});

describe("others", () => {
  test("a Pushgateway that takes the connection and never answers delays neither the start nor the answers, and ends no training", async () => {
    const asked: string[] = [];
    const hanging = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch(request) {
        asked.push(request.method);
        return new Promise<Response>(() => {});
      },
    });
    const DATA_DIR = copyOf("hanging");
    const PUSHGATEWAY_URL = `http://127.0.0.1:${hanging.port}`;
    const data = join(DATA_DIR, "raw", "sample.csv");
    const finished = await runCommandFile("training/train.ts", ["--data", data, "--rounds", "5"], {
      DATA_DIR,
      PUSHGATEWAY_URL,
    });
    expect([finished.code, finished.stderr]).toEqual([0, expect.stringContaining("cannot be reached")]);
    await whileRunning({ DATA_DIR, PUSHGATEWAY_URL }, async (service) => {
      await poll(() => (asked.length > 1 ? true : undefined));
      expect((await predict(service)).status).toBe(200);
      expect((await readiness(service)).status).toBe(200);
    });
    await hanging.stop(true);
  }, 60_000);

  test("requests by the thousand whose answers nobody awaits or reads hold up nobody and fill no memory", async () => {
    await whileRunning({ DATA_DIR: copyOf("unread") }, async (service) => {
      const { hostname, port } = new URL(service.url);
      const memory = () => metric(service, "process_resident_memory_bytes");
      for (const path of ["/metrics", "/monitoring", "/openapi.json", "/"]) {
        const before = await memory();
        const sockets = await Promise.all(
          Array.from({ length: 100 }, () =>
            Bun.connect({ hostname, port: Number(port), socket: { open: (socket) => socket.pause(), data() {} } }),
          ),
        );
        for (const socket of sockets) {
          socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`.repeat(100));
          socket.flush();
        }
        const asked = performance.now();
        expect((await predict(service)).status).toBe(200);
        expect(performance.now() - asked).toBeLessThan(2000);
        expect((await memory()) - before).toBeLessThan(100e6);
        for (const socket of sockets) socket.terminate();
      }
    });
  }, 60_000);
});
