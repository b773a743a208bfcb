import { describe, expect, test } from "bun:test";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const root = join(import.meta.dir, "../..");

/** What the plugins say of each file, given by path and content, under this project's configuration. */
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
    const { diagnostics } = JSON.parse(run.stdout.toString()) as {
      diagnostics: { category: string; message: string; location: { path: string } }[];
    };
    const said: Record<string, string[]> = Object.fromEntries(Object.keys(files).map((path) => [path, []]));
    for (const { category, message, location } of diagnostics) {
      if (category === "plugin") said[location.path]?.push(message);
    }
    return said;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const use = (module: string): string => `import { x } from "${module}";\nexport const y = [x];\n`;

const forbidden: Record<string, [content: string, message: string]> = {
  "src/predictions/http.ts": [use("elysia"), "know the HTTP framework"],
  "src/predictions/sqlite.ts": [use("bun:sqlite"), "Only storage/ knows the database"],
  "src/predictions/onnx.ts": [use("onnxruntime-node"), "knows the inference runtime"],
  "src/predictions/duckdb.ts": [use("@duckdb/node-api"), "Only data/ knows DuckDB"],
  "scheduler/cron.ts": [use("croner"), "knows the scheduling library"],
  "src/monitoring/client.ts": [use("prom-client"), "know the metrics client"],
  "src/app.ts": [use("./main.ts"), "Nobody imports a composition root"],
  "src/learner/stores.ts": [use("../storage/database.ts"), "Pure code imports pure code only"],
  "src/config.ts": [use("./models/registry.ts"), "Pure code imports pure code only"],
  "src/customer.ts": [use("./metrics.ts"), "Pure code imports pure code only"],
  "src/storage/rules.ts": [use("../predictions/service.ts"), "State imports state and pure code only"],
  "src/models/jobs.ts": [use("../../scheduler/index.ts"), "State imports state and pure code only"],
  "src/monitoring/routed.ts": [use("../predictions/routes.ts"), "Rules know no routes"],
  "src/training/measured.ts": [use("../metrics.ts"), "Rules know no routes"],
  "src/monitoring/now.ts": ["export const y = Date.now();\n", "The clock is passed in"],
  "scheduler/chance.ts": ["export const y = Math.random();\n", "Randomness is passed in"],
  "src/docs.ts": ["export const y = new Date();\n", "The clock is passed in"],
  "src/service.ts": ["export const y = process.env.PORT;\n", "Settings are read once"],
};

const allowed: Record<string, string> = {
  "src/predictions/routes.ts": use("elysia"),
  "src/storage/models.ts": use("bun:sqlite"),
  "src/models/session.ts": use("onnxruntime-node"),
  "src/data/source.ts": use("@duckdb/node-api"),
  "scheduler/index.ts": use("croner"),
  "src/metrics.ts": use("prom-client"),
  "src/predictions/service.ts": use("../feedback/service.ts"),
  "src/models/registry.ts": use("../storage/models.ts"),
  "src/main.ts": "export const y = [Date.now(), process.env.PORT];\n",
};

describe("the linter", () => {
  const said = lint({
    ...allowed,
    ...Object.fromEntries(Object.entries(forbidden).map(([path, [content]]) => [path, content])),
  });

  test.each(Object.entries(forbidden))("refuses %s", (path, [, message]) => {
    expect(said[path]?.join("\n")).toContain(message);
  });

  test.each(Object.keys(allowed))("lets %s use what it owns", (path) => {
    expect(said[path]).toEqual([]);
  });
});
