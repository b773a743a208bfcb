import { describe, expect, test } from "bun:test";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const root = join(import.meta.dir, "../..");

interface Diagnostic {
  category: string;
  severity: string;
  message: string;
  location: { path: string };
}

/** The errors in each file, given by path and content, under this project's configuration: `rule: message`. */
function lint(files: Record<string, string>): Record<string, string[]> {
  const folder = mkdtempSync(join(tmpdir(), "churnwatch-lint-"));
  try {
    const { vcs, ...configuration } = JSON.parse(readFileSync(join(root, "biome.json"), "utf8"));
    writeFileSync(join(folder, "biome.json"), JSON.stringify(configuration));
    cpSync(import.meta.dir, join(folder, "ops/lint"), { recursive: true });
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), content);
    }
    const biome = join(root, "node_modules/.bin/biome");
    const run = Bun.spawnSync([biome, "lint", "--reporter=json", "--max-diagnostics=none", "."], { cwd: folder });
    const { diagnostics } = JSON.parse(run.stdout.toString()) as { diagnostics: Diagnostic[] };
    const errors: Record<string, string[]> = Object.fromEntries(Object.keys(files).map((path) => [path, []]));
    for (const { category, severity, message, location } of diagnostics) {
      if (severity === "error") errors[location.path]?.push(`${category}: ${message}`);
    }
    return errors;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const use = (module: string): string => `import { x } from "${module}";\nexport const y = [x];\n`;

/** Why it is refused, the folder of the file (or the file), and what stands in it. */
type Case = readonly [reason: string, place: string, content: string];

/** Every way to name a module. */
const ways: ((module: string) => string)[] = [
  (module) => `import type { X } from "${module}";\nexport type Y = X;\n`,
  (module) => `import "${module}";\n`,
  (module) => `export { x } from "${module}";\n`,
  (module) => `export const load = () => import("${module}");\n`,
  (module) => `export type Y = import("${module}").Y;\n`,
];

const refused: Case[] = [
  ["know the HTTP framework", "src/predictions/", use("elysia")],
  ["know the HTTP framework", "src/monitoring/", use("@elysiajs/openapi")],
  ["Only storage/ knows the database", "src/predictions/", use("bun:sqlite")],
  ["Only storage/ knows the database", "src/models/", use("node:sqlite")],
  ["knows the inference runtime", "src/predictions/", use("onnxruntime-node")],
  ["knows the inference runtime", "src/models/", use("onnxruntime-common")],
  ["Only data/ knows DuckDB", "src/training/", use("@duckdb/node-api")],
  ["knows the scheduling library", "scheduler/", use("croner")],
  ["know the metrics client", "src/monitoring/", use("prom-client")],
  ["Use the global Bun", "src/storage/", use("bun")],

  ...ways.flatMap((way): Case[] => [
    ["Only storage/ knows the database", "src/predictions/", way("bun:sqlite")],
    ["Pure code imports pure code only", "src/learner/", way("../storage/database.ts")],
    ["State imports state and pure code only", "src/storage/", way("../predictions/service.ts")],
    ["Rules know no routes", "src/monitoring/", way("../app.ts")],
    ["Nobody imports main.ts", "src/http/", way("../main.ts")],
  ]),
  ["noCommonJs", "src/predictions/", 'export const y = require("bun:sqlite");\n'],

  ["Pure code imports pure code only", "src/config.ts", use("./models/registry.ts")],
  ["Pure code imports pure code only", "src/customer.ts", use("./metrics.ts")],
  ["Pure code imports pure code only", "src/errors.ts", use("../scheduler/index.ts")],
  ["Pure code imports pure code only", "src/learner/", use("../storage/database.ts")],
  ["Pure code imports pure code only", "src/onnx/", use("../models/session.ts")],
  ["Pure code imports pure code only", "src/data/", use("../training/train.ts")],
  ["Pure code imports pure code only", "src/statistics/", use("../monitoring/drift.ts")],
  ["Pure code imports pure code only", "src/statistics/", use("../app.ts")],
  ["Pure code imports pure code only", "src/statistics/", use("../a-folder-that-comes-later/x.ts")],
  ["State imports state and pure code only", "src/storage/", use("../predictions/service.ts")],
  ["State imports state and pure code only", "src/storage/", use("../models/routes.ts")],
  ["State imports state and pure code only", "src/models/", use("./routes.ts")],
  ["State imports state and pure code only", "src/models/", use("../../scheduler/index.ts")],
  ["State imports state and pure code only", "src/models/", use("../service.ts")],
  ["Rules know no routes", "src/monitoring/", use("./routes.ts")],
  ["Rules know no routes", "src/monitoring/", use("../predictions/routes.ts")],
  ["Rules know no routes", "src/feedback/service.ts", use("../app.ts")],
  ["Rules know no routes", "src/training/", use("../metrics.ts")],
  ["Rules know no routes", "src/training/", use("../../src/metrics.ts")],
  ["Rules know no routes", "src/predictions/", use("../../scheduler/replay.ts")],
  ["Nobody imports main.ts", "src/app.ts", use("./main.ts")],
  ["Nobody imports main.ts", "scheduler/", use("../src/main.ts")],
  ["Nobody imports main.ts", "ops/bench/", use("../../src/main.ts")],
  ["Nobody imports main.ts", "src/start.test.ts", use("./main.ts")],
  ["Only main.ts composes the service", "scheduler/", use("../src/service.ts")],
  ["Import by the shortest path", "src/predictions/", use("../http/../storage/database.ts")],
  ["noImportCycles", "src/monitoring/one.ts", 'import { two } from "./two.ts";\nexport const one = () => two;\n'],
  ["noImportCycles", "src/monitoring/two.ts", 'import { one } from "./one.ts";\nexport const two = () => one;\n'],

  ...[
    "Date.now()",
    "{ now: Date.now }",
    "new Date()",
    "new Date",
    "Date()",
    "globalThis.Date",
    "Temporal.Now.instant()",
  ].map((read) => ["The clock is passed in", "src/storage/", `export const y = ${read};\n`] as const),
  ["The clock is passed in", "src/docs.ts", "const { now } = Date;\nexport const y = now();\n"],
  ...[
    "Math.random()",
    "[1].map(Math.random)",
    "globalThis.Math",
    "crypto.randomUUID()",
    "crypto.getRandomValues(bytes)",
    "Bun.randomUUIDv7()",
    "randomInt(3)",
    "randomBytes(3)",
    "randomUUID()",
  ].map((draw) => ["Randomness is passed in", "src/predictions/", `export const y = ${draw};\n`] as const),
  ["Randomness is passed in", "scheduler/", "const { random } = Math;\nexport const y = random();\n"],
  ...["process.env.PORT", "Bun.env.PORT", "import.meta.env.PORT", "globalThis.process"].map(
    (read) => ["Settings are read once", "src/http/", `export const y = ${read};\n`] as const,
  ),
  ["Settings are read once", "src/log.ts", "const { env } = process;\nexport const y = env.PORT;\n"],
  ["Settings are read once", "scheduler/", use("node:process")],

  ...[
    "catch {}",
    "catch {\n  // a reason\n}",
    "catch (_error) {}",
    "catch {} finally {\n  end();\n}",
    "catch (_error) {} finally {\n  end();\n}",
  ].map((end) => ["never swallowed", "src/feedback/", `try {\n  begin();\n} ${end}\n`] as const),
  ["never swallowed", "scheduler/", "export const y = (p: Promise<void>) => p.catch(() => {});\n"],
  ["noFloatingPromises", "src/http/", "async function save() {\n  await 1;\n}\nexport function y() {\n  save();\n}\n"],
  ["noExplicitAny", "src/http/", "export const y = (x: any) => x;\n"],
  ["noDefaultExport", "src/http/", "export default function y() {}\n"],
  ["noBarrelFile", "src/http/", 'export { x } from "./body.ts";\n'],
  ["noNonNullAssertion", "src/learner/", "export const y = (x: number[]) => x[0]!;\n"],
  ["noUnusedImports", "src/http/", 'import { x } from "./body.ts";\nexport const y = 1;\n'],
  ["noUnusedVariables", "src/http/", "const x = 1;\nexport const y = 1;\n"],
  ["useImportExtensions", "src/http/", use("./access")],
];

const allowed: Record<string, string> = {
  "src/predictions/routes.ts": use("elysia") + use("../storage/labels.ts").replaceAll(/\b[xy]\b/g, "$&2"),
  "src/http/access.ts": use("elysia"),
  "src/storage/models.ts": use("bun:sqlite"),
  "src/models/session.ts": use("onnxruntime-node"),
  "src/data/source.ts": use("@duckdb/node-api"),
  "scheduler/index.ts": use("croner"),
  "src/metrics.ts": use("prom-client"),
  "src/training/push.ts": use("prom-client"),
  "src/metric-catalogue.ts": use("./customer.ts"),
  "src/learner/boosting.ts": use("../statistics/random.ts"),
  "src/data/ingest.ts": use("./source.ts"),
  "src/models/registry.ts": use("../storage/models.ts"),
  "src/training/reference.ts": use("../learner/model.ts"),
  "src/predictions/batcher.ts": use("../feedback/late.ts"),
  "src/storage/state.ts": "export const y = (time: number) => new Date(time).toISOString();\n",
  "src/models/parse.ts":
    "try {\n  JSON.parse(name);\n} catch (error) {\n  throw new Error(name, { cause: error });\n}\n",
  "src/data/download.ts": `${use("../command.ts")}runCommand(y, process.env, Date.now, Math.random());\n`,
  "src/models/command.ts": `${use("../command.ts")}runCommand(y, process.env);\n`,
  "src/training/train.ts": `${use("../command.ts")}runCommand(y, process.env);\n`,
  "src/main.ts": `${use("./service.ts")}runCommand(y, process.env);\n`,
  "src/monitoring/drift.test.ts": `${use("bun:sqlite")}export const z = [Date.now(), process.env.HOME];\n`,
  "ops/bench/load.ts": "export const y = [Date.now(), process.env.HOME];\n",
};

describe("the linter", () => {
  const cases = refused.map(([reason, place, content], index) => ({
    reason,
    path: place.endsWith("/") ? `${place}refused-${index}.ts` : place,
    content,
  }));
  const errors = lint({ ...allowed, ...Object.fromEntries(cases.map(({ path, content }) => [path, content])) });

  test("is asked about every case in a file of its own", () => {
    expect(Object.keys(errors)).toHaveLength(refused.length + Object.keys(allowed).length);
  });

  test.each(cases)("says '$reason' in $path", ({ reason, path }) => {
    expect(errors[path]?.join("\n")).toContain(reason);
  });

  test.each(Object.keys(allowed))("has nothing against %s", (path) => {
    expect(errors[path]).toEqual([]);
  });
});
