import { Database } from "bun:sqlite";
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createRetention } from "../../scheduler/retention.ts";
import { exampleCustomer } from "../customer.ts";
import { inTransaction } from "../storage/database.ts";
import { openStores } from "../storage/stores.ts";
import {
  poll,
  type RunningService,
  startProcess,
  temporaryFolder,
  trainSmallModel,
} from "../testing/service-process.ts";
import { anyPrediction, storePrediction } from "../testing/stored-prediction.ts";

const folder = temporaryFolder();
const DATA_DIR = join(folder.path, "data");
const databaseFile = join(DATA_DIR, "service.db");
const key = "administrator-key-of-a-test";
const pageSize = 4096;
let service: RunningService;

beforeAll(async () => {
  await trainSmallModel(DATA_DIR);
  service = await startProcess({ DATA_DIR, REPLAY_RATE: "200", FEEDBACK_DELAY: "2", API_KEYS: `${key}:admin` });
}, 60_000);
afterAll(async () => {
  await service.end("SIGTERM");
  folder.remove();
});

async function send(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
  const response = await fetch(`${service.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  expect(response.status, `${method} ${path}`).toBe(200);
  return (await response.json()) as Record<string, unknown>;
}

/** The bytes of the pages in the database and in its log. */
const onDisk = (): string =>
  [pagesIn(databaseFile, 0, 0), existsSync(`${databaseFile}-wal`) ? pagesIn(`${databaseFile}-wal`, 32, 24) : []]
    .flat()
    .map(withoutGap)
    .join("");

/** Pages that stand in a file after a header of it, each after a header of its own. */
function pagesIn(file: string, fileHeader: number, pageHeader: number): Buffer[] {
  const bytes = readFileSync(file);
  const pages: Buffer[] = [];
  for (let at = fileHeader; at + pageHeader + pageSize <= bytes.length; at += pageHeader + pageSize)
    pages.push(bytes.subarray(at + pageHeader, at + pageHeader + pageSize));
  return pages;
}

/**
 * A page without what is unused between its list of cells and the first of them: when SQLite moves cells to another page it may leave
 * copies there, which `secure_delete` does not overwrite when the row is deleted later.
 * Source: https://www.sqlite.org/fileformat2.html#b_tree_pages
 */
function withoutGap(page: Buffer): string {
  const start = page.toString("latin1", 0, 15) === "SQLite format 3" ? 100 : 0;
  const kind = page.readUInt8(start);
  if (![2, 5, 10, 13].includes(kind)) return page.toString("latin1");
  const firstFree = start + (kind < 10 ? 12 : 8) + 2 * page.readUInt16BE(start + 3);
  return page.toString("latin1", 0, firstFree) + page.toString("latin1", page.readUInt16BE(start + 5));
}

/** Every value of every table that has a text, looked at by another connection. */
function tablesThatName(text: string): string[] {
  const database = new Database(databaseFile, { readonly: true });
  try {
    const tables = database.query("SELECT name FROM sqlite_schema WHERE type = 'table'").all() as { name: string }[];
    return tables
      .map(({ name }) => name)
      .filter((name) => JSON.stringify(database.query(`SELECT * FROM "${name}"`).all()).includes(text));
  } finally {
    database.close();
  }
}

function count(sql: string): number {
  const database = new Database(databaseFile, { readonly: true });
  try {
    return (database.query(`SELECT count(*) AS count FROM ${sql}`).get() as { count: number }).count;
  } finally {
    database.close();
  }
}

test("a customer who is erased is in no table, and soon in no byte of the database and its log, while the service works on", async () => {
  const erased = Array.from({ length: 25 }, (_, i) => `erase-me-${i}-${crypto.randomUUID()}`);
  const kept = `keep-me-${crypto.randomUUID()}`;
  for (const user_id of [...erased, kept]) {
    for (const churned of [true, false]) {
      const { prediction_id } = await send("POST", "/predict", { ...exampleCustomer, user_id });
      await send("POST", "/feedback", { prediction_id, churned });
      await send("POST", "/feedback", { prediction_id, churned: !churned });
    }
  }
  const waiting = `erase-me-waiting-${crypto.randomUUID()}`;
  expect(await send("POST", "/feedback", { user_id: waiting, churned: true })).toMatchObject({ status: "pending" });
  const everybody = [...erased, waiting];
  for (const user of everybody) expect(tablesThatName(user).length, user).toBeGreaterThan(0);
  const sums = async () => (await send("GET", "/monitoring")).rows as number;
  const rowsBefore = await sums();

  for (const user of everybody) expect(await send("DELETE", `/customers/${user}`)).toEqual({ erased: true });
  for (const user of everybody) expect(tablesThatName(user), user).toEqual([]);
  for (const table of ["labels", "label_history", "scheduled_labels"])
    expect(count(`${table} WHERE prediction_seq NOT IN (SELECT seq FROM predictions)`), table).toBe(0);
  await poll(() => (everybody.some((user) => onDisk().includes(user)) ? undefined : true));
  expect(onDisk()).toContain(kept);
  expect(tablesThatName(kept)).toEqual(["predictions"]);
  expect(await sums()).toBeGreaterThanOrEqual(rowsBefore);
  expect(await send("DELETE", `/customers/${everybody[0]}`)).toEqual({ erased: false });
}, 60_000);

test("a customer whom the replay plays is erased with what is scheduled for them, and is not played again", async () => {
  const database = new Database(databaseFile, { readonly: true });
  const replayed = database
    .query(
      `SELECT user_id AS user FROM predictions JOIN scheduled_labels ON prediction_seq = seq
       WHERE source = 'replay' ORDER BY seq DESC LIMIT 5`,
    )
    .all() as { user: string }[];
  database.close();
  expect(replayed).toHaveLength(5);
  for (const { user } of replayed) {
    expect(tablesThatName(user)).toEqual(expect.arrayContaining(["predictions", "replay_customers"]));
    expect(await send("DELETE", `/customers/${user}`)).toEqual({ erased: true });
  }
  // A whole round of the replay later.
  const customers = count("replay_customers");
  const goal = count("predictions") + customers + 400;
  await poll(() => (count("predictions") >= goal ? true : undefined), 40_000);
  for (const { user } of replayed) expect(tablesThatName(user), user).toEqual([]);
  await poll(() => (replayed.some(({ user }) => onDisk().includes(user)) ? undefined : true));
}, 90_000);

test("erasures, and changes of the model and the scenario, stand in the audit log with who and when, and name no customer", async () => {
  const before = Date.now();
  const { models } = (await send("GET", "/models")) as { models: { version: string }[] };
  await send("POST", "/scenario", { scenario: "price-rise" });
  await send("DELETE", "/customers/somebody-to-erase");
  const { entries } = (await send("GET", "/audit?limit=1000")) as {
    entries: { seq: number; at: string; actor: string; action: string; subject: string }[];
  };
  const fingerprint = `key ${new Bun.CryptoHasher("sha256").update(key).digest("hex").slice(0, 8)}`;
  expect(entries.slice(0, 2)).toEqual([
    expect.objectContaining({ actor: fingerprint, action: "customer.erase", subject: "" }),
    expect.objectContaining({ actor: fingerprint, action: "scenario.switch", subject: "price-rise" }),
  ]);
  expect(Date.parse(String(entries[0]?.at))).toBeGreaterThanOrEqual(before);
  expect(entries.at(-1)).toMatchObject({ actor: "command line", action: "model.use", subject: models[0]?.version });
  expect(JSON.stringify(entries)).not.toMatch(/erase-me|somebody-to-erase/);
  const page = (await send("GET", `/audit?limit=2&before=${entries[1]?.seq}`)) as { entries: unknown[] };
  expect(page.entries).toEqual(entries.slice(2, 4));
});

test("retention erases what is old with its labels, and what waits too long; the young and the audit log stay", async () => {
  const stores = openStores(join(folder.path, "retention.db"));
  const day = 86_400_000;
  const now = 100 * day;
  const fill = (i: number): void => {
    const { seq } = storePrediction(stores.predictions, {
      ...anyPrediction,
      userId: `user-${i}`,
      predictedAt: i < 1100 ? now - 91 * day : now - 89 * day,
      modelVersion: "m",
    });
    const label = { churned: true, observedAt: 0, receivedAt: now - 91 * day };
    stores.labels.put(seq, label);
    stores.labels.appendHistory(seq, label, "recorded");
    stores.labels.schedule(seq, now, true);
  };
  inTransaction(stores.database, () => {
    for (let i = 0; i < 1200; i++) fill(i);
  });
  stores.labels.putPending("waits-too-long", { churned: true, observedAt: 0, receivedAt: now - 91 * day });
  stores.labels.putPending("waits", { churned: true, observedAt: 0, receivedAt: now - 89 * day });
  stores.audit.append({ at: 0, actor: "somebody", action: "customer.erase", subject: "" });
  await createRetention({
    ...stores,
    config: { RETENTION_DAYS: 90 },
    now: () => now,
    stopping: new AbortController().signal,
  })();
  const left = (table: string) =>
    (stores.database.query(`SELECT count(*) AS count FROM ${table}`).get() as { count: number }).count;
  const tables = ["predictions", "labels", "label_history", "scheduled_labels", "pending_labels", "audit_log"];
  expect(tables.map((table) => [table, left(table)])).toEqual([
    ["predictions", 100],
    ["labels", 100],
    ["label_history", 100],
    ["scheduled_labels", 100],
    ["pending_labels", 1],
    ["audit_log", 1],
  ]);
  stores.close();
});
